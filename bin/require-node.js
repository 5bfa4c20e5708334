// Plain JavaScript that even an old Node parses: Hookswitch runs its TypeScript sources directly, so an
// older runtime must be told apart before the first .ts file is loaded (rule C5).
const REQUIRED_MAJOR = 24;

if (Number.parseInt(process.versions.node, 10) < REQUIRED_MAJOR) {
  process.stderr.write(
    `Hookswitch needs Node ${REQUIRED_MAJOR} or newer, this is ${process.version}: ` +
      'run it through npm (npm ci, then npm start), which brings its own Node.\n',
  );
  process.exit(1);
}
