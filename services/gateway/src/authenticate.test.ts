import { createManualClock, systemClock } from "@netconductor/runtime/clock";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, test } from "vitest";
import { createAuthentication } from "./authenticate.ts";

test("a token that was withdrawn ends within seconds, also when the clock is set back an hour", async () => {
	const time = createManualClock();
	let set_back_ms = 0;
	const clock = { ...time, now: () => new Date(time.now().getTime() - set_back_ms) };
	const actor = { kind: "token" as const, id: "t", name: "t", permissions: [] };
	let withdrawn = false;
	const { authenticate } = createAuthentication({
		auth: {
			getJwks: async () => ({ keys: [] }),
			async resolveActor() {
				if (withdrawn) throw failed("auth.unauthenticated", { message: "withdrawn" });
				return { actor, must_change_password: false, must_add_second_factor: false };
			},
		},
		account: { actor },
		clock,
	});
	expect(await authenticate("Bearer nc_token")).toMatchObject({ actor });
	withdrawn = true;
	set_back_ms = 3_600_000;
	await time.advance(6_000);
	await expect(authenticate("Bearer nc_token")).rejects.toMatchObject({ code: "auth.unauthenticated" });
});

test("what is remembered of a session is not answered to a token that names another user for it", async () => {
	const { privateKey, publicKey } = await generateKeyPair("EdDSA");
	const jwk = { ...(await exportJWK(publicKey)), kid: "k", alg: "EdDSA" };
	const [session, owner, other] = [newId(), newId(), newId()];
	const tokenOf = (user_id: string) =>
		new SignJWT({ sid: session })
			.setProtectedHeader({ alg: "EdDSA", kid: "k" })
			.setIssuer("netconductor")
			.setAudience("netconductor")
			.setSubject(user_id)
			.setIssuedAt()
			.setExpirationTime("5m")
			.sign(privateKey);
	const actor = { kind: "user" as const, id: owner, name: "vera", permissions: [] };
	const { authenticate } = createAuthentication({
		auth: {
			getJwks: async () => ({ keys: [jwk] }) as never,
			async resolveActor({ body }) {
				if (body.kind === "session" && body.user_id === owner)
					return { actor, must_change_password: false, must_add_second_factor: false };
				throw failed("auth.unauthenticated", { message: "not this session's user" });
			},
		},
		account: { actor },
		clock: systemClock,
	});
	expect(await authenticate(`Bearer ${await tokenOf(owner)}`)).toMatchObject({ actor });
	await expect(authenticate(`Bearer ${await tokenOf(other)}`)).rejects.toMatchObject({ code: "auth.unauthenticated" });
});

test("what is taken away ends at once when auth says so, for whom it says, also while the answer is on its way", async () => {
	const actorOf = (token: string) => ({
		kind: "token" as const,
		id: token.slice(0, 5),
		name: token,
		permissions: [],
		session_id: token,
	});
	const asked: string[] = [];
	let answers = Promise.withResolvers<void>();
	answers.resolve();
	const { authenticate, forget } = createAuthentication({
		auth: {
			getJwks: async () => ({ keys: [] }),
			async resolveActor({ body }) {
				const token = body.kind === "api_token" ? body.token : "";
				asked.push(token);
				await answers.promise;
				return { actor: actorOf(token), must_change_password: false, must_add_second_factor: false };
			},
		},
		account: { actor: actorOf("nc_gw") },
		clock: createManualClock(),
	});
	const tokens = ["nc_al.1", "nc_al.2", "nc_bo.1"];
	const askedFor = async () => {
		asked.length = 0;
		for (const token of tokens) await authenticate(`Bearer ${token}`);
		return asked.splice(0);
	};
	expect(await askedFor()).toEqual(tokens);
	expect(await askedFor()).toEqual([]);
	forget({ user_id: "nc_al", session_id: "nc_al.2" });
	expect(await askedFor()).toEqual(["nc_al.2"]);
	forget({ user_id: "nc_al" });
	expect(await askedFor()).toEqual(["nc_al.1", "nc_al.2"]);
	forget({});
	expect(await askedFor()).toEqual(tokens);

	forget({});
	answers = Promise.withResolvers();
	const waiting = authenticate("Bearer nc_bo.1");
	forget({ user_id: "nc_bo" });
	answers.resolve();
	await waiting;
	expect(await askedFor()).toEqual(tokens);
});
