import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";

const usage = `Usage: netconductor health [--ready]

Asks the process that answers at NETCONDUCTOR_INTERNAL_HOST and NETCONDUCTOR_INTERNAL_PORT whether it lives, or with --ready whether it takes
work. Ends with 0 when it does, 1 when it does not, 2 for a wrong command line.
`;

const patience_ms = 4_000;

/** Whether the process beside this one is well, for those who start containers. It reads the environment and no file: it is run every few seconds. */
export async function runHealthCommand(
	args: readonly string[],
	env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
	const path = pathOf(args);
	const port = Number(env.NETCONDUCTOR_INTERNAL_PORT);
	if (path === undefined || !(port > 0)) {
		process.stderr.write(path === undefined ? usage : `netconductor: set NETCONDUCTOR_INTERNAL_PORT\n${usage}`);
		return 2;
	}
	try {
		const request = get({
			host: reachedAt(env.NETCONDUCTOR_INTERNAL_HOST || "127.0.0.1"),
			port,
			path,
			agent: false,
			signal: AbortSignal.timeout(patience_ms),
		});
		const [response] = (await once(request, "response")) as [IncomingMessage];
		process.stdout.write(`${await text(response)}\n`);
		return response.statusCode === 200 ? 0 : 1;
	} catch (error) {
		process.stderr.write(`netconductor: nobody answers at port ${port}: ${(error as Error).message}\n`);
		return 1;
	}
}

function pathOf(args: readonly string[]): string | undefined {
	try {
		const { values } = parseArgs({ args: [...args], options: { ready: { type: "boolean" } } });
		return values.ready ? "/health/ready" : "/health/live";
	} catch {
		return undefined;
	}
}

function reachedAt(host: string): string {
	if (host === "0.0.0.0") return "127.0.0.1";
	return host === "::" ? "::1" : host;
}
