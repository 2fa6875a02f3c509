import { Button, Divider, Group, Stack, Text, TextInput } from "@mantine/core";
import type { TokenPair } from "@netconductor/contracts/auth/model";
import type { PasskeyRequest } from "@netconductor/contracts/auth/passkeys";
import type { SecondFactorAsked } from "@netconductor/contracts/auth/second-factor";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef } from "react";
import { useApi } from "../api/context.tsx";
import { askForPasskey, takesRequest } from "../passkeys/browser.ts";
import { PasskeyProblem } from "../passkeys/passkey-problem.tsx";
import { Icon } from "../ui/icon.tsx";
import { problemOf } from "../ui/problem.tsx";
import { SignInProblem, usePause } from "./sign-in-problem.tsx";

/** The second half of a sign-in: the password was right, a passkey or a code is needed as well. */
export function CodeForm({
	asked,
	onSignedIn,
	onBack,
}: {
	asked: SecondFactorAsked;
	onSignedIn: (pair: TokenPair) => Promise<void>;
	onBack: () => void;
}) {
	const api = useApi();
	const field = useRef<HTMLInputElement>(null);
	const { challenge, kinds, passkey } = asked.second_factor;
	const offersPasskey = takesRequest(passkey);
	const hasApp = kinds.includes("totp");
	const signIn = useMutation({
		mutationFn: (code: string) => api.auth.signInWithCode({ body: { challenge, code } }),
		onSuccess: onSignedIn,
		onError: () => field.current?.select(),
	});
	const withPasskey = useMutation({
		mutationFn: async (request: PasskeyRequest) =>
			api.auth.signInWithPasskeyAsWell({ body: { challenge, credential: await askForPasskey(request) } }),
		onMutate: () => signIn.reset(),
		onSuccess: onSignedIn,
	});
	const error = signIn.error ?? withPasskey.error;
	const pause = usePause(error);
	const over = error !== null && problemOf(error).code === "auth.challenge_over";

	function submit(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		withPasskey.reset();
		if (pause === 0) signIn.mutate(String(new FormData(event.currentTarget).get("code")));
	}

	return (
		<form onSubmit={submit}>
			<Stack gap="md">
				{signIn.isError && <SignInProblem error={signIn.error} pause={pause} />}
				{withPasskey.isError && <PasskeyProblem error={withPasskey.error} pause={pause} />}
				<Text size="sm">Your password is right. Now {whatIsAsked({ offersPasskey, hasApp })}</Text>
				{offersPasskey && (
					<>
						<Button
							leftSection={<Icon name="key" size={14} />}
							loading={withPasskey.isPending}
							disabled={over || pause > 0}
							onClick={() => withPasskey.mutate(passkey)}
							fullWidth
							data-autofocus
						>
							Use your passkey
						</Button>
						<Divider label="or" />
					</>
				)}
				<TextInput
					ref={field}
					name="code"
					label={hasApp ? "Code" : "Recovery code"}
					autoComplete="one-time-code"
					autoCapitalize="none"
					spellCheck={false}
					required
					autoFocus={!offersPasskey}
					data-autofocus={!offersPasskey || undefined}
					minLength={6}
					maxLength={64}
				/>
				<Group justify="space-between">
					<Button variant="subtle" color="gray" onClick={onBack}>
						Back to the password
					</Button>
					<Button
						type="submit"
						variant={offersPasskey ? "default" : "filled"}
						loading={signIn.isPending}
						disabled={over || pause > 0}
					>
						Sign in
					</Button>
				</Group>
			</Stack>
		</form>
	);
}

function whatIsAsked({ offersPasskey, hasApp }: { offersPasskey: boolean; hasApp: boolean }): string {
	if (offersPasskey)
		return hasApp ? "your passkey, or a code of your app or of your list." : "your passkey, or a recovery code.";
	if (hasApp) return "the code that your authenticator app shows, or a recovery code.";
	return "a recovery code: your passkeys cannot be used at this address or in this browser.";
}
