import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apis } from "@netconductor/contracts/apis";
import { freePorts } from "@netconductor/lab/owned-process";
import { type LabRedis, startRedis } from "@netconductor/lab/redis";
import { type Product, startProduct } from "./product.ts";
import { createServerProcess, type ServerProcess } from "./server-process.ts";

/** A whole product, and a second gateway in a process of its own before the same services. */
export interface SeveralGateways {
	product: Product;
	/** The second one's address. */
	url: string;
	gateway: ServerProcess;
	redis: LabRedis;
	dispose(): Promise<void>;
}

/** @param env settings of both gateways */
export async function startSeveralGateways(env: Readonly<Record<string, string>>): Promise<SeveralGateways> {
	const dir = mkdtempSync(join(tmpdir(), "netconductor-e2e-"));
	const undo: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 })];
	async function dispose() {
		for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
	}
	try {
		const redis = await startRedis({ dir });
		undo.push(() => redis.stop());
		const [internal_port = 0, port = 0] = await freePorts(2);
		const shared = { ...env, REDIS_URL: redis.url, NETCONDUCTOR_MASTER_KEY: randomBytes(32).toString("base64") };
		const product = await startProduct({
			...shared,
			NETCONDUCTOR_INTERNAL_PORT: String(internal_port),
			NETCONDUCTOR_WORKERS_PROCESSES: "0",
		});
		undo.push(() => product.dispose());
		const url = `http://127.0.0.1:${port}`;
		const services = [...Object.keys(apis), "realtime"].filter((name) => name !== "gateway");
		const gateway = createServerProcess({
			args: ["--targets=gateway"],
			url,
			env: {
				...shared,
				HOME: dir,
				NETCONDUCTOR_DATA_DIR: join(dir, "gateway"),
				NETCONDUCTOR_PORT: String(port),
				...Object.fromEntries(
					services.map((name) => [`NETCONDUCTOR_${name.toUpperCase()}_URL`, `http://127.0.0.1:${internal_port}`]),
				),
			},
		});
		undo.push(() => gateway.end("SIGTERM"));
		await gateway.start();
		return { product, url, gateway, redis, dispose };
	} catch (error) {
		await dispose();
		throw error;
	}
}
