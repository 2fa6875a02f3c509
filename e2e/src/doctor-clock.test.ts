import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFakeClock } from "../chaos/fake-clock.ts";
import { type Product, startProduct } from "./product.ts";

let product: Product;
beforeAll(async () => {
	product = await startProduct();
}, 90_000);
afterAll(() => product?.dispose());

test.each([
	[3_600, "failed", "s ahead of the database's"],
	[20, "warning", "s ahead of the database's"],
])(
	"doctor finds a clock %d s away from the database's",
	(seconds, status, detail) => {
		const clock = createFakeClock(product.data_dir);
		clock.shift(seconds);
		const program = join(import.meta.dirname, "..", "..", "apps", "server", "bin", "server.mjs");
		const { stdout } = spawnSync(process.execPath, [program, "doctor", "--json"], {
			encoding: "utf8",
			env: {
				PATH: process.env.PATH,
				HOME: product.data_dir,
				NETCONDUCTOR_DATA_DIR: product.data_dir,
				NETCONDUCTOR_PORT: new URL(product.url).port,
				...clock.env,
			},
		});
		const { findings } = JSON.parse(stdout) as { findings: { check: string; status: string; detail: string }[] };
		expect(findings.find(({ check }) => check === "database clock")).toMatchObject({
			status,
			detail: expect.stringContaining(detail),
		});
	},
	60_000,
);
