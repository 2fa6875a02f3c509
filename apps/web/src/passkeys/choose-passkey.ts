import type { Api } from "../api/api.ts";
import { askForPasskey } from "./browser.ts";
import type { GivenPasskey } from "./use-passkey-in-field.ts";

/** Has whoever sits there choose one of their passkeys for this site. */
export async function choosePasskey(api: Api): Promise<GivenPasskey> {
	const { attempt, options } = await api.auth.beginPasskeySignIn({});
	return { attempt, credential: await askForPasskey(options) };
}
