import type { GivenPasskey } from "@netconductor/contracts/auth/passkeys";
import type { Api } from "../api/api.ts";
import { askForPasskey } from "./browser.ts";

/** Has whoever sits there choose one of their passkeys for this site. */
export async function choosePasskey(api: Api): Promise<GivenPasskey> {
	const { attempt, options } = await api.auth.beginPasskeySignIn({});
	return { attempt, credential: await askForPasskey(options) };
}

/** Has whoever is signed in show with one of their passkeys that it is still they who sit there. */
export async function proveWithPasskey(api: Api): Promise<GivenPasskey> {
	const { attempt, options } = await api.auth.beginPasskeyProof({});
	return { attempt, credential: await askForPasskey(options) };
}
