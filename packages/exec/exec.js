#!/usr/bin/env node
// For cmd.exe only: in every other shell `exec` is a builtin, and comes before anything on the PATH.
import {spawnSync} from 'node:child_process';

const [command = 'node', ...args] = process.argv.slice(2);
process.exitCode = spawnSync(command, args, {stdio: 'inherit'}).status ?? 1;
