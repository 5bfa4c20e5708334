// Plain JavaScript that an old Node can parse. Hookswitch runs its TypeScript sources directly, so the
// version must be checked before the first .ts file is loaded (rule C5).
const REQUIRED_MAJOR = 24;

if (Number.parseInt(process.versions.node, 10) < REQUIRED_MAJOR) {
  process.stderr.write(
    `Hookswitch needs Node ${REQUIRED_MAJOR} or newer. This is ${process.version}. ` +
      'Run it through npm (npm ci, then npm start), which installs its own Node.\n',
  );
  process.exit(1);
}
