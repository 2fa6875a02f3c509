import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AuthHost, startAuthHost } from "./auth-host.ts";

const key = randomBytes(32);
const password = "correct horse battery";
let auth: AuthHost;
beforeAll(async () => {
	auth = await startAuthHost("auth_throttle", { admin_password: password });
});
afterAll(() => auth.stop());

async function outcomeOf(username: string, given: string, ip: string): Promise<string> {
	return auth.login(username, given, ip).then(
		() => "signed in",
		(error: { code: string }) => error.code,
	);
}

/** Tries from ever new addresses until the account is slowed down. */
async function exhaust(username: string, attempts = 40): Promise<string[]> {
	const seen: string[] = [];
	for (let n = 0; n < attempts; n++) seen.push(await outcomeOf(username, "wrong", `10.1.${n}.${seen.length}`));
	return seen;
}

test("guessing at one account from many addresses is slowed down", async () => {
	const seen = await exhaust("admin");
	expect(seen.slice(0, 10)).toEqual(Array(10).fill("auth.bad_credentials"));
	expect(seen.filter((code) => code === "auth.bad_credentials").length).toBeLessThan(13);
	expect(seen.at(-1)).toBe("auth.throttled");
	// Even the right password is not looked at, or guessing would go on.
	await expect(auth.login("admin", password, "192.0.2.1")).rejects.toMatchObject({
		code: "auth.throttled",
		details: { retry_after_seconds: expect.any(Number) },
	});
});

test("the owner is kept out for a minute at most, whatever an attacker does", async () => {
	for (let minute = 0; minute < 20; minute++) {
		await exhaust("admin", 3);
		await auth.clock.advance(60_000);
	}
	expect(await outcomeOf("admin", password, "192.0.2.1")).toBe("signed in");
});

test("where the owner signed in before, strangers cannot keep them out at all", async () => {
	expect(await outcomeOf("admin", password, "192.0.2.1")).toBe("signed in");
	expect((await exhaust("admin")).at(-1)).toBe("auth.throttled");
	expect(await outcomeOf("admin", password, "192.0.2.77")).toBe("auth.throttled");
	expect(await outcomeOf("admin", password, "192.0.2.1")).toBe("signed in");
	await auth.clock.advance(16 * 60_000);
});

test("an unknown name is slowed down like a known one", async () => {
	const [known, unknown] = [await exhaust("admin", 20), await exhaust("no-such-user", 20)];
	expect(unknown).toEqual(known);
	await auth.clock.advance(16 * 60_000);
});

test("one network that tries many names is slowed down, an IPv6 subscriber as one", async () => {
	const seen: string[] = [];
	for (let n = 0; n < 40; n++) seen.push(await outcomeOf(`name-${n}`, "wrong", `2001:db8:1:2::${n.toString(16)}`));
	expect(seen.at(-1)).toBe("auth.throttled");
	expect(await outcomeOf("somebody", "wrong", "2001:db8:1:3::1")).toBe("auth.bad_credentials");
	await auth.clock.advance(16 * 60_000);
});

test("many attempts at the same moment do not slip past together", async () => {
	const codes = await Promise.all(Array.from({ length: 60 }, (_, n) => outcomeOf("admin", "wrong", `10.2.0.${n}`)));
	expect(codes.filter((code) => code === "auth.bad_credentials").length).toBeLessThanOrEqual(11);
	await auth.clock.advance(16 * 60_000);
});

test("signing in to one's own account now and then does not buy more guesses at others'", async () => {
	const seen: string[] = [];
	for (let n = 0; n < 60; n++) {
		if (n % 10 === 9) await outcomeOf("admin", password, "203.0.113.5");
		seen.push(await outcomeOf(`victim-${n}`, "wrong", "203.0.113.5"));
	}
	expect(seen.filter((code) => code === "auth.bad_credentials").length).toBeLessThan(40);
});

test("guesses from within a stolen session count for that session alone: the owner's goes on, and clears nothing", async () => {
	const ip = "192.0.2.1";
	const [stolen, own] = [await auth.login("admin", password, ip), await auth.login("admin", password, ip)];
	const actorOf = async (pair: typeof own) => ({ actor: { ...(await auth.as(pair)).actor, ip } });
	const [thief, owner] = [await actorOf(stolen), await actorOf(own)];
	const guess = (current_password: string, caller: typeof owner) =>
		auth.api.changePassword({ body: { current_password, new_password: password } }, caller).then(
			() => "changed",
			(error: { code: string }) => error.code,
		);
	const begin = (given: string, caller: typeof owner) =>
		auth.api.beginSecondFactor({ body: { password: given } }, caller).then(
			() => "begun",
			(error: { code: string }) => error.code,
		);
	for (let n = 0; n < 6; n++) {
		await guess("wrong", thief);
		await begin("wrong", thief);
	}
	expect([await guess("wrong", thief), await begin("wrong", thief)]).toEqual(["auth.throttled", "auth.throttled"]);
	expect(await begin(password, owner)).toBe("begun");
	expect(await guess(password, owner)).toBe("auth.weak_password");
	expect(await outcomeOf("admin", password, ip)).toBe("signed in");
	expect([await guess("wrong", thief), await begin("wrong", thief)]).toEqual(["auth.throttled", "auth.throttled"]);
	await auth.clock.advance(16 * 60_000);
});

test("nobody who chose their own name well lets an account that is guessed at start afresh", async () => {
	// Two names alike in the first bits of a hash that anybody can compute.
	const startOf = (name: string) => createHash("sha256").update(name).digest().readUInt32BE(0) >>> 14;
	let n = 0;
	while (startOf(`own-${n}`) !== startOf("admin")) n++;
	const admin = await auth.as(await auth.login("admin", password, "192.0.2.1"));
	const own = {
		username: `own-${n}`,
		password: "a password of some length",
		role: "viewer",
		must_change_password: false,
	};
	await auth.api.createUser({ body: own }, admin);
	expect((await exhaust("admin")).at(-1)).toBe("auth.throttled");
	expect(await outcomeOf(own.username, own.password, "198.51.100.20")).toBe("signed in");
	expect(await outcomeOf("admin", "wrong", "198.51.100.21")).toBe("auth.throttled");
	await auth.clock.advance(16 * 60_000);
});

test("what cannot be a name is slowed down by network, and what was typed is not kept", async () => {
	const seen: string[] = [];
	for (let n = 0; n < 40; n++) seen.push(await outcomeOf(`typed by mistake ${n}!`, "wrong", "203.0.113.9"));
	expect(seen[0]).toBe("auth.bad_credentials");
	expect(seen.at(-1)).toBe("auth.throttled");
	expect(JSON.stringify(await auth.db.query("select * from login_attempts"))).not.toContain("typed by");
	await auth.clock.advance(16 * 60_000);
});

test("who signed in while the clock was an hour ahead can sign in when it is set right", async () => {
	const { createLoginThrottle } = await import("../src/throttle/login-throttle.ts");
	let ahead_ms = 3_600_000;
	const clock = { ...auth.clock, now: () => new Date(auth.clock.now().getTime() + ahead_ms) };
	const throttle = createLoginThrottle({ db: auth.db, clock, key });
	const attempt = { username: "ana", network: "198.51.100.0", familiar: false };
	await throttle.begin(attempt);
	ahead_ms = 0;
	await throttle.begin(attempt);
});

test("made-up names and addresses grow the table to its bound and not beyond, and what slows somebody down stays", async () => {
	const { createLoginThrottle } = await import("../src/throttle/login-throttle.ts");
	const throttle = createLoginThrottle({ db: auth.db, clock: auth.clock, key, rows: 100 });
	await throttle.prune();
	const guessed = { username: "admin", familiar: false };
	for (let n = 0; n < 12; n++) await throttle.begin({ ...guessed, network: `guesser ${n}` }).catch(() => {});
	for (let n = 0; n < 300; n++) {
		await throttle.begin({ username: `${"long ".repeat(10)}${n}`, network: `${n}`, familiar: false });
	}
	await throttle.prune();
	const [row] = await auth.db.query<{ rows: number; longest: number }>(
		"select count(*)::int as rows, max(length(key)) as longest from login_attempts",
	);
	expect(row?.rows).toBe(100);
	expect(row?.longest).toBeLessThan(32);
	await expect(throttle.begin({ ...guessed, network: "another" })).rejects.toMatchObject({ code: "auth.throttled" });
	await auth.clock.advance(16 * 60_000);
	await throttle.prune();
	expect(await auth.db.query("select 1 from login_attempts")).toHaveLength(0);
});
