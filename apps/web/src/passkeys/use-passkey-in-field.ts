import type { GivenPasskey } from "@netconductor/contracts/auth/passkeys";
import { useEffect, useRef, useState } from "react";
import { useApi } from "../api/context.tsx";
import { askForPasskey, offersPasskeysInFields, stopAsking } from "./browser.ts";

/** Begins anew this long before the server would take the answer no more. */
const before_end_s = 30;

/**
 * Where the browser can, it offers passkeys among what it fills the field for the user name with, for as long as the page shows that field. Nobody is
 * told when it cannot: the button is there.
 * @returns asks again, after the button has taken the browser's one question
 */
export function usePasskeyInField(offered: boolean, onGiven: (given: GivenPasskey) => void): () => void {
	const api = useApi();
	const [round, setRound] = useState(0);
	const given = useRef(onGiven);
	given.current = onGiven;

	// biome-ignore lint/correctness/useExhaustiveDependencies: a new round asks again
	useEffect(() => {
		if (!offered) return;
		let over = false;
		let renewal: ReturnType<typeof setTimeout> | undefined;
		async function ask() {
			if (!(await offersPasskeysInFields()) || over) return;
			const { attempt, options, expires_in } = await api.auth.beginPasskeySignIn({});
			if (over) return;
			renewal = setTimeout(() => setRound((n) => n + 1), (expires_in - before_end_s) * 1000);
			const credential = await askForPasskey(options, { in_field: true });
			if (!over) given.current({ attempt, credential });
		}
		ask().catch(() => undefined);
		return () => {
			over = true;
			clearTimeout(renewal);
			stopAsking();
		};
	}, [api, offered, round]);

	return () => setRound((n) => n + 1);
}
