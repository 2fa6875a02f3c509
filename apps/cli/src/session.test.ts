import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TokenPair } from "@netconductor/contracts/auth/model";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exitCodes, Failure } from "./failure.ts";
import { createSessionBearer, createSessionStore, sessionPath } from "./session.ts";

const url = "https://nc.example.net";
let home: string;
let path: string;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "netconductor-session-"));
	path = sessionPath({ XDG_CONFIG_HOME: home });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const session = (expires_at: string) => ({
	username: "ana",
	access_token: "access-0",
	refresh_token: "refresh-0",
	expires_at,
});
const past = "2020-01-01T00:00:00.000Z";
const future = "2099-01-01T00:00:00.000Z";

function store(expires_at: string) {
	const made = createSessionStore(path);
	return made.update((file) => {
		file.current = url;
		file.sessions[url] = session(expires_at);
	});
}

/** A server's side of refresh tokens: each works once, and using one again ends the session. */
function rotation() {
	let valid = 0;
	let exchanges = 0;
	return {
		exchanges: () => exchanges,
		async refresh(refresh_token: string): Promise<TokenPair> {
			if (refresh_token !== `refresh-${valid}`) throw refused("auth.refresh_reused");
			valid += 1;
			exchanges += 1;
			await new Promise((resolve) => setTimeout(resolve, 20));
			const user = { username: "ana" } as TokenPair["user"];
			return {
				access_token: `access-${valid}`,
				refresh_token: `refresh-${valid}`,
				token_type: "Bearer",
				expires_in: 600,
				user,
			};
		},
	};
}

function refused(code: string): Failure {
	return new Failure({ type: "", title: "", status: 401, code, detail: "" }, exitCodes.forbidden);
}

test("the file is where XDG says, below ~/.config otherwise, and its owner's alone", async () => {
	expect(sessionPath({ HOME: "/home/ana" })).toBe("/home/ana/.config/netconductor/session.json");
	await store(future);
	expect(path).toBe(join(home, "netconductor", "session.json"));
	expect(statSync(path).mode & 0o777).toBe(0o600);
	expect(statSync(join(home, "netconductor")).mode & 0o777).toBe(0o700);
});

test("a session file that others could read is not so any more once it is written", async () => {
	await store(past);
	chmodSync(path, 0o644);
	await store(future);
	expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("no server gets another one's token", async () => {
	await store(future);
	const elsewhere = createSessionBearer({
		store: createSessionStore(path),
		url: "https://other.example.net",
		refresh: rotation().refresh,
	});
	expect(await elsewhere.token()).toBeUndefined();
});

test("many command lines at once exchange a refresh token once, and all go on", async () => {
	await store(past);
	const server = rotation();
	const tokens = await Promise.all(
		Array.from({ length: 8 }, () =>
			createSessionBearer({ store: createSessionStore(path), url, refresh: server.refresh }).token(),
		),
	);
	expect(new Set(tokens)).toEqual(new Set(["access-1"]));
	expect(server.exchanges()).toBe(1);
});

test("a token that the server refused is exchanged although its time is not over", async () => {
	await store(future);
	const bearer = createSessionBearer({ store: createSessionStore(path), url, refresh: rotation().refresh });
	expect(await bearer.token()).toBe("access-0");
	expect(await bearer.renew("access-0")).toBe("access-1");
	expect(await bearer.renew("access-0")).toBe("access-1");
});

test("a session that has ended is forgotten, and the error says how to sign in again", async () => {
	await store(past);
	const bearer = createSessionBearer({
		store: createSessionStore(path),
		url,
		refresh: () => Promise.reject(refused("auth.session_ended")),
	});
	await expect(bearer.token()).rejects.toMatchObject({ exit_code: 3, hint: expect.stringContaining("login --url") });
	expect(createSessionStore(path).read().sessions).toEqual({});
});

test("a server that is away costs no session", async () => {
	await store(past);
	const bearer = createSessionBearer({
		store: createSessionStore(path),
		url,
		refresh: () => Promise.reject(new Error("away")),
	});
	await expect(bearer.token()).rejects.toThrow("away");
	expect(createSessionStore(path).read().sessions[url]?.refresh_token).toBe("refresh-0");
});

test("a file that is no session file is named, never silently replaced", async () => {
	await store(future);
	writeFileSync(path, "{");
	expect(() => createSessionStore(path).read()).toThrow(path);
	await expect(store(future)).rejects.toThrow(path);
	expect(readFileSync(path, "utf8")).toBe("{");
});

test("a command line that was killed while it held the lock keeps nobody out", async () => {
	const marker = join(home, "locked");
	const program = `
		import { writeFileSync } from "node:fs";
		import { createSessionStore } from ${JSON.stringify(join(import.meta.dirname, "session.ts"))};
		await createSessionStore(${JSON.stringify(path)}).update(async () => {
			writeFileSync(${JSON.stringify(marker)}, "");
			await new Promise((resolve) => setTimeout(resolve, 60_000));
		});`;
	const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: "inherit" });
	while (!existsSync(marker)) await new Promise((resolve) => setTimeout(resolve, 20));
	const ended = once(child, "exit");
	child.kill("SIGKILL");
	await ended;
	await store(future);
	expect(createSessionStore(path).read().current).toBe(url);
});

test("a session that cannot be kept is a failure that says where, before anything else is done", async () => {
	writeFileSync(join(home, "a-file"), "");
	const made = createSessionStore(sessionPath({ XDG_CONFIG_HOME: join(home, "a-file") }));
	let asked = false;
	const keeping = made.update(() => {
		asked = true;
	});
	await expect(keeping).rejects.toMatchObject({
		problem: { code: "cli.session_not_kept", detail: expect.stringContaining("a-file") },
		hint: expect.stringContaining("XDG_CONFIG_HOME"),
	});
	expect(asked).toBe(false);
});
