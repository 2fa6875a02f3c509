import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import ssh2 from "ssh2";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type BareClientOptions, connectBare } from "./bare-client.ts";
import type { SimDevice } from "./device.ts";
import { type Fleet, startFleet } from "./fleet.ts";

let fleet: Fleet;
let device: SimDevice;

beforeAll(async () => {
	fleet = await startFleet({ devices: [{ name: "sw1", platform: "cisco_nxos" }], seed: "fault.test" });
	device = fleet.device("sw1");
});
beforeEach(() => device.setFault(null));
afterAll(() => fleet.stop());

const prompt = "sw1# ";
const open = (options: Partial<BareClientOptions> = {}) => connectBare({ ...loginOf(device), ...options });

function loginOf({ host, port, username, password }: SimDevice) {
	return { host, port, username, password };
}

async function session() {
	const client = await open();
	await client.until(prompt);
	await client.ask("terminal length 0", prompt);
	return client;
}

test("refuse closes the port and opens it again", async () => {
	await device.setFault({ kind: "refuse" });
	await expect(open()).rejects.toThrow("ECONNREFUSED");
	await device.setFault(null);
	(await session()).close();
});

test("silent accepts and says nothing", async () => {
	await device.setFault({ kind: "silent" });
	const socket = connect(device.port, device.host);
	let heard = 0;
	socket.on("data", (chunk) => {
		heard += chunk.length;
	});
	await sleep(200);
	expect(heard).toBe(0);
	expect(socket.closed).toBe(false);
	socket.destroy();
});

test("hang stops at login, before the prompt, or in the middle of the config", async () => {
	await device.setFault({ kind: "hang", at: "login" });
	await expect(open({ readyTimeout: 300 })).rejects.toThrow("Timed out");
	await device.setFault({ kind: "hang", at: "prompt" });
	const silent = await open();
	await expect(silent.until(prompt, 200)).rejects.toThrow("waited for");
	silent.close();
	await device.setFault({ kind: "hang", at: "output" });
	const client = await session();
	client.clear();
	client.send("show running-config\n");
	await expect(client.until(prompt, 300)).rejects.toThrow("waited for");
	const { length } = client.received();
	expect(length).toBeGreaterThan(device.config().length / 3);
	expect(length).toBeLessThan((device.config().length * 2) / 3);
	client.close();
});

test("drop breaks the connection in the middle of the config", async () => {
	await device.setFault({ kind: "drop", at: "output" });
	const client = await session();
	client.clear();
	client.send("show running-config\n");
	await client.ended;
	expect(client.received().length).toBeGreaterThan(3_000);
});

test("a fault with times holds for so many connections", async () => {
	await device.setFault({ kind: "wrong_password", times: 1 });
	await expect(open()).rejects.toThrow("authentication");
	(await session()).close();
});

test("drip delivers everything, slowly", async () => {
	await device.setFault({ kind: "drip", bytes: 3, delay_ms: 1 });
	const client = await session();
	expect(await client.ask("show clock", prompt)).toMatch(/^\w{3} \w{3} .* \d{4}\n$/);
	client.close();
});

test("prompt_in_config, non_utf8, empty, truncated, error and paging spoil the config as they say", async () => {
	const read = async () => {
		const client = await session();
		client.clear();
		client.send("show running-config\n");
		await client.until(/(sw1# |--More--\S+27m)$/);
		await sleep(50);
		const text = client.received();
		client.close();
		return text;
	};
	await device.setFault({ kind: "prompt_in_config" });
	expect((await read()).split("\r\nsw1# ").length).toBeGreaterThan(3);
	await device.setFault({ kind: "non_utf8" });
	const bytes = Buffer.from(await read(), "latin1");
	expect(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes)).toThrow();
	await device.setFault({ kind: "empty_config" });
	expect(await read()).toBe("show running-config\r\nsw1# ");
	await device.setFault({ kind: "truncated_config" });
	const cut = await read();
	expect(cut.length).toBeGreaterThan(device.config().length / 2);
	expect(cut).not.toContain("logging server");
	await device.setFault({ kind: "error_answer" });
	expect(await read()).toContain("% Permission denied");
	await device.setFault({ kind: "always_paging" });
	expect(await read()).toContain("--More--");
});

test("prompt_in_config can pause where a client would take the line for a prompt", async () => {
	await device.setFault({ kind: "prompt_in_config", pause_ms: 150 });
	const client = await session();
	client.clear();
	client.send("show running-config\n");
	await client.until(prompt);
	expect(client.received()).not.toContain("logging server");
	await client.until(/logging server[^\r]*\r\n\r\nsw1# $/);
	client.close();
});

test("changed_host_key presents another key and changeHostKey keeps one", async () => {
	const before = device.host_key_fingerprint;
	await device.setFault({ kind: "changed_host_key" });
	const client = await open();
	expect(client.fingerprint).not.toBe(before);
	expect(device.host_key_fingerprint).toBe(before);
	client.close();
	await device.setFault(null);
	device.changeHostKey();
	const after = await open();
	expect(after.fingerprint).toBe(device.host_key_fingerprint);
	expect(after.fingerprint).not.toBe(before);
	after.close();
});

test("legacy_algorithms needs a client that still speaks them", async () => {
	await device.setFault({ kind: "legacy_algorithms" });
	await expect(open({ algorithms: { kex: ["curve25519-sha256"], serverHostKey: ["ssh-ed25519"] } })).rejects.toThrow(
		/no matching/,
	);
	const client = await open({
		algorithms: {
			kex: ["diffie-hellman-group14-sha1"],
			serverHostKey: ["ssh-rsa"],
			cipher: ["aes128-cbc"],
			hmac: ["hmac-sha1"],
		},
	});
	await client.until(prompt);
	client.close();
});

test("keyboard_interactive_only and public_key_only refuse a plain password", async () => {
	await device.setFault({ kind: "keyboard_interactive_only" });
	await expect(open()).rejects.toThrow("authentication");
	await device.setFault({ kind: "public_key_only" });
	await expect(open()).rejects.toThrow("authentication");
});

test("slow_auth, garbage and prompt_like_banner delay and confuse, and the session works", async () => {
	await device.setFault([{ kind: "slow_auth", delay_ms: 150 }, { kind: "garbage" }, { kind: "prompt_like_banner" }]);
	const from = performance.now();
	const client = await open();
	expect(performance.now() - from).toBeGreaterThan(140);
	await client.until(prompt);
	expect(client.received()).toMatch(/Password:\r\nAre you sure/);
	const answer = await client.ask("show clock", prompt);
	expect(answer).toContain("\xff");
	client.close();
});

test("a public key that was authorized opens the device", async () => {
	const { private: privateKey, public: publicKey } = ssh2.utils.generateKeyPairSync("ed25519");
	device.authorize(publicKey);
	await device.setFault({ kind: "public_key_only" });
	const client = await open({ privateKey });
	await client.until(prompt);
	client.close();
	const other = ssh2.utils.generateKeyPairSync("ed25519");
	await expect(open({ privateKey: other.private })).rejects.toThrow("authentication");
});

test("session_limit refuses a connection too many", async () => {
	await expect.poll(() => device.stats().open_connections).toBe(0);
	await device.setFault({ kind: "session_limit", sessions: 1 });
	const first = await session();
	await expect(open()).rejects.toThrow();
	first.close();
	await first.ended;
	await expect.poll(() => device.stats().open_connections).toBe(0);
	(await session()).close();
});

test("a config of 20 MB comes through whole", async () => {
	await device.setFault({ kind: "huge_output", bytes: 20_000_000 });
	const client = await session();
	client.clear();
	client.send("show running-config\n");
	await client.until(prompt, 30_000);
	expect(client.received().length).toBeGreaterThan(20_000_000);
	client.close();
});
