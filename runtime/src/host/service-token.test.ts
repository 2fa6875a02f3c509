import { createPrivateKey } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { devicesApi } from "@netconductor/contracts/devices/api";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import { isForRemoteWorkers } from "@netconductor/contracts/tasks/remote-workers";
import { SignJWT } from "jose";
import { afterEach, expect, test, vi } from "vitest";
import { deriveKey } from "../master-key.ts";
import { testMaster } from "../testing/master.ts";
import { deriveWorkerKeys, readWorkerKeys, workerTokenSeed } from "../worker-keys.ts";
import { createRemoteWorkerTokens, createServiceTokens } from "./service-token.ts";

const seed = deriveKey(testMaster.current, "service tokens");
const services = createServiceTokens("devices", seed, { seedOfPool: (pool) => workerTokenSeed(testMaster, pool) });
const remote = (pool: string) =>
	createRemoteWorkerTokens(pool, Buffer.from(deriveWorkerKeys(testMaster, pool).token_seed, "base64url"));
const root: Actor = { kind: "user", id: "root", name: "root", permissions: ["*"] };

afterEach(() => {
	vi.useRealTimers();
});

test("a token is good for a minute, and then for nobody: neither for who never saw it nor for who has checked it before", async () => {
	vi.useFakeTimers({ toFake: ["Date"] });
	const tasks = createServiceTokens("tasks", seed);
	const token = await tasks.issue("devices", root);
	expect(await services.verify(token, "devices")).toMatchObject({ service: "tasks", is_remote: false });
	// Clocks of machines may differ by half a minute.
	vi.setSystemTime(Date.now() + (60 + 31) * 1000);
	for (const verifier of [services, createServiceTokens("backup", seed)]) {
		await expect(verifier.verify(token, "devices")).rejects.toMatchObject({ code: "auth.unauthenticated" });
	}
});

test("who calls on gets a new token long before the old one ends", async () => {
	vi.useFakeTimers({ toFake: ["Date"] });
	const tasks = createServiceTokens("tasks", seed);
	const first = await tasks.issue("devices", root);
	expect(await tasks.issue("devices", root)).toBe(first);
	vi.setSystemTime(Date.now() + 31_000);
	const second = await tasks.issue("devices", root);
	expect(second).not.toBe(first);
	vi.setSystemTime(Date.now() + 45_000);
	expect(await services.verify(second, "devices")).toMatchObject({ actor: root });
});

test("a worker that holds keys of its pool alone is taken for that and nobody else, whatever it says", async () => {
	const token = await remote("dc2").issue("devices", root);
	expect(await services.verify(token, "devices")).toMatchObject({
		service: "worker",
		worker_pool: "dc2",
		is_remote: true,
		actor: { kind: "service", id: "service:worker" },
	});
	await expect(services.verify(token, "backup")).rejects.toMatchObject({ code: "auth.unauthenticated" });
});

test("with the key of one pool no token is made that another pool's, or a service's, would pass for", async () => {
	const own = workerTokenSeed(testMaster, "dc2");
	const key = createPrivateKey({
		key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), own]),
		format: "der",
		type: "pkcs8",
	});
	const forged = (header: { kid?: string }, claims: Record<string, unknown>) =>
		new SignJWT({ act: root, ...claims })
			.setProtectedHeader({ alg: "EdDSA", ...header })
			.setIssuer("netconductor")
			.setSubject("service:tasks")
			.setAudience("service:devices")
			.setExpirationTime("60s")
			.sign(key);
	for (const token of [
		await forged({}, {}),
		await forged({ kid: "worker/dc3" }, {}),
		await forged({ kid: "worker/" }, {}),
		await forged({ kid: "worker/../dc2" }, {}),
		await forged({ kid: "dc2" }, {}),
	]) {
		await expect(services.verify(token, "devices")).rejects.toMatchObject({ code: "auth.unauthenticated" });
	}
	// With its own key it is itself, whatever else it claims.
	expect(await services.verify(await forged({ kid: "worker/dc2" }, { pool: "dc3" }), "devices")).toMatchObject({
		service: "worker",
		worker_pool: "dc2",
		actor: { id: "service:worker" },
	});
});

test("a worker that holds the master key says its pool in its token; other services have none", async () => {
	const worker = createServiceTokens("worker", seed, { worker_pool: "dc2" });
	expect(await services.verify(await worker.issue("devices", root), "devices")).toMatchObject({
		worker_pool: "dc2",
		is_remote: false,
		actor: { id: "root" },
	});
	const backup = createServiceTokens("backup", seed);
	expect((await services.verify(await backup.issue("devices", root), "devices")).worker_pool).toBeUndefined();
});

test("what a worker of a site may call is what it needs, and none of it acts for a person", () => {
	const allowed = Object.keys(devicesApi.operations).filter((name) => isForRemoteWorkers("devices", name));
	expect(allowed.toSorted()).toEqual(["listWorkerPools", "recordHostKey", "revealConnection"]);
	expect(isForRemoteWorkers("config", "startStackRun")).toBe(false);
	expect(isForRemoteWorkers("tasks", "startRun")).toBe(false);
	expect(isForRemoteWorkers("constructor", "name")).toBe(false);
});

test("keys of workers differ by pool, tell nothing of the master key, and are refused where others can read them", async () => {
	const [two, three] = [deriveWorkerKeys(testMaster, "dc2"), deriveWorkerKeys(testMaster, "dc3")];
	expect(two.token_seed).not.toBe(three.token_seed);
	expect(JSON.stringify(two)).not.toContain(testMaster.current.bytes.toString("base64url"));
	expect(JSON.stringify(two)).not.toContain(seed.toString("base64url"));
	const folder = mkdtempSync(join(tmpdir(), "worker-keys-"));
	try {
		const file = join(folder, "keys");
		const refused = { code: "startup.worker_keys_invalid" };
		await expect(readWorkerKeys(file)).rejects.toMatchObject(refused);
		writeFileSync(file, JSON.stringify(two), { mode: 0o600 });
		expect(await readWorkerKeys(file)).toEqual(two);
		chmodSync(file, 0o640);
		await expect(readWorkerKeys(file)).rejects.toMatchObject(refused);
		chmodSync(file, 0o600);
		for (const bad of [
			"",
			"{}",
			JSON.stringify({ ...two, pool: "DC 2" }),
			JSON.stringify({ ...two, token_seed: "x" }),
		]) {
			writeFileSync(file, bad);
			await expect(readWorkerKeys(file)).rejects.toMatchObject(refused);
		}
	} finally {
		rmSync(folder, { recursive: true });
	}
});
