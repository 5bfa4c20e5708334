/** The command line: `hookswitch <command>`. A command's code is loaded on demand. */
import packageJson from '../package.json' with {type: 'json'};

const USAGE = `Hookswitch ${packageJson.version} — the gateway between Twilio Voice and your own frontend

Usage: npm start                   the gateway, against Twilio (environment and .env)
       npm run demo                simulator, gateway and console, no account needed
       npm run doctor              checks the setup and suggests fixes
       npm run simulator           the Twilio simulator alone
       npx hookswitch <command>    the same, with options:

Commands
  start      Runs the gateway. \`start --help\` lists the environment.
  demo       Runs everything on http://localhost:8081 (or PORT) with a simulated Twilio.
  doctor     Checks credentials, number, PUBLIC_URL, clock and journal. See \`doctor --help\`.
  simulator  Runs the Twilio simulator. \`simulator --help\` lists its options.

  --help, --version
`;

/** Runs a command and resolves with the exit code once it has ended. */
export async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  switch (command) {
    case 'start':
      return (await import('./cli/start.ts')).start(rest);
    case 'demo':
      return (await import('./cli/demo.ts')).demo(rest);
    case 'doctor':
      return (await import('./cli/doctor.ts')).doctor(rest);
    case 'simulator':
      return (await import('@hookswitch/simulator/cli')).main(rest);
    case '--version':
      process.stdout.write(`${packageJson.version}\n`);
      return 0;
    case undefined:
    case 'help':
    case '-h':
    case '--help':
      process.stdout.write(USAGE);
      return command === undefined ? 1 : 0;
    default:
      process.stderr.write(`hookswitch: unknown command "${command}".\n\n${USAGE}`);
      return 1;
  }
}
