#!/usr/bin/env node
// Used only by cmd.exe. Every other shell has a builtin `exec`, which takes precedence over programs on the PATH.
import {spawnSync} from 'node:child_process';

const [command = 'node', ...args] = process.argv.slice(2);
process.exitCode = spawnSync(command, args, {stdio: 'inherit'}).status ?? 1;
