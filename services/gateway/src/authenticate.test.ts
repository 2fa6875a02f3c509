import { createManualClock, systemClock } from "@netconductor/runtime/clock";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, test } from "vitest";
import { createAuthenticate } from "./authenticate.ts";

test("a token that was withdrawn ends within seconds, also when the clock is set back an hour", async () => {
	const time = createManualClock();
	let set_back_ms = 0;
	const clock = { ...time, now: () => new Date(time.now().getTime() - set_back_ms) };
	const actor = { kind: "token" as const, id: "t", name: "t", permissions: [] };
	let withdrawn = false;
	const authenticate = createAuthenticate({
		auth: {
			getJwks: async () => ({ keys: [] }),
			async resolveActor() {
				if (withdrawn) throw failed("auth.unauthenticated", { message: "withdrawn" });
				return { actor, must_change_password: false };
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
	const authenticate = createAuthenticate({
		auth: {
			getJwks: async () => ({ keys: [jwk] }) as never,
			async resolveActor({ body }) {
				if (body.kind === "session" && body.user_id === owner) return { actor, must_change_password: false };
				throw failed("auth.unauthenticated", { message: "not this session's user" });
			},
		},
		account: { actor },
		clock: systemClock,
	});
	expect(await authenticate(`Bearer ${await tokenOf(owner)}`)).toMatchObject({ actor });
	await expect(authenticate(`Bearer ${await tokenOf(other)}`)).rejects.toMatchObject({ code: "auth.unauthenticated" });
});
