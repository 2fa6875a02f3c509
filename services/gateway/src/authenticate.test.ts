import { createManualClock } from "@netconductor/runtime/clock";
import { failed } from "@netconductor/runtime/errors";
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
