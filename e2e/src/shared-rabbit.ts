import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabRabbit, startRabbit } from "@netconductor/lab/rabbitmq";
import { vhostsVariable } from "./own-vhost.ts";

/** More than the products that all tests start: none is used twice, because what one left there would reach the next. */
const vhosts = Array.from({ length: 120 }, (_, i) => `product-${i + 1}`);

/**
 * For vitest: one RabbitMQ for a whole test run, started when the first product asks for it. Each start of a broker takes more CPU than that of any
 * service, and a virtual host of its own is to a product what a broker is.
 */
export default async function setup(): Promise<() => Promise<void>> {
	const dir = mkdtempSync(join(tmpdir(), "netconductor-rabbitmq-"));
	let rabbit: Promise<LabRabbit> | undefined;
	let given = 0;
	const server = createServer((_, response) => {
		rabbit ??= startRabbit({ dir, vhosts });
		rabbit.then(
			({ url }) => {
				const vhost = vhosts[given++];
				if (vhost === undefined) response.writeHead(500).end("no virtual host is left: make more of them");
				else response.end(`${url}/${vhost}`);
			},
			(error: unknown) => response.writeHead(500).end(String(error)),
		);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	// Inherited by the processes of the tests.
	process.env[vhostsVariable] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
	return async () => {
		server.close();
		await (await rabbit?.catch(() => undefined))?.stop();
		rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
	};
}
