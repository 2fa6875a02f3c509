import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@netconductor/lab/free-port";
import { startedVariable } from "./copy-of-start.ts";
import { productEnvironment } from "./product.ts";
import { createServerProcess } from "./server-process.ts";

/**
 * For vitest: a data folder on which the product was started and stopped, for the products of all tests to be copied from. A first start takes twice
 * the CPU of any other. It is made when the second product asks: a run that starts only one has no use for it, and the first starts as people's does.
 */
export default async function setup(): Promise<() => Promise<void>> {
	const folder = mkdtempSync(join(tmpdir(), "netconductor-started-"));
	let asked = 0;
	let made: Promise<string> | undefined;
	const server = createServer((_, response) => {
		if (++asked === 1) return void response.end();
		made ??= startOnce(join(folder, "data"));
		made.then(
			(data_dir) => response.end(data_dir),
			(error: unknown) => response.writeHead(500).end(String(error)),
		);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	// Inherited by the processes of the tests.
	process.env[startedVariable] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
	return async () => {
		server.close();
		await made?.catch(() => {});
		rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
	};
}

async function startOnce(data_dir: string): Promise<string> {
	const port = await freePort();
	const product = createServerProcess({
		url: `http://127.0.0.1:${port}`,
		env: { ...productEnvironment({ data_dir, port }), NETCONDUCTOR_WORKERS_PROCESSES: "0" },
	});
	try {
		await product.start();
	} finally {
		await product.end("SIGTERM");
	}
	return data_dir;
}
