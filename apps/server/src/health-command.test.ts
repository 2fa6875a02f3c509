import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let server: Server;
let answer: { status: number; asked: string };
beforeEach(async () => {
	answer = { status: 200, asked: "" };
	server = createServer((request, response) => {
		answer.asked = request.url ?? "";
		response.writeHead(answer.status).end("{}");
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => void server.close());

function health(args: readonly string[], env: Record<string, string>): Promise<number> {
	const program = join(import.meta.dirname, "..", "bin", "server.mjs");
	return new Promise((resolve) => {
		execFile(process.execPath, [program, "health", ...args], { env }, (error) => resolve(Number(error?.code ?? 0)));
	});
}

const port = () => String((server.address() as AddressInfo).port);

test("a process that lives counts as healthy, also where it listens on all addresses", async () => {
	expect(await health([], { NETCONDUCTOR_INTERNAL_PORT: port() })).toBe(0);
	expect(answer.asked).toBe("/health/live");
	const env = { NETCONDUCTOR_INTERNAL_PORT: port(), NETCONDUCTOR_INTERNAL_HOST: "0.0.0.0" };
	expect(await health(["--ready"], env)).toBe(0);
	expect(answer.asked).toBe("/health/ready");
});

test("one that says no, or says nothing, does not", async () => {
	answer.status = 503;
	expect(await health(["--ready"], { NETCONDUCTOR_INTERNAL_PORT: port() })).toBe(1);
	const closed = port();
	await new Promise((resolve) => server.close(resolve));
	expect(await health([], { NETCONDUCTOR_INTERNAL_PORT: closed })).toBe(1);
});

test("whoever asks without saying where is told so", async () => {
	expect(await health([], {})).toBe(2);
	expect(await health(["--raedy"], { NETCONDUCTOR_INTERNAL_PORT: port() })).toBe(2);
});
