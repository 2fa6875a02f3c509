import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import type { TokenPair } from "@netconductor/contracts/auth/model";
import type { SecondFactorAsked } from "@netconductor/contracts/auth/second-factor";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef } from "react";
import { useApi } from "../api/context.tsx";
import { problemOf } from "../ui/problem.tsx";
import { SignInProblem, usePause } from "./sign-in-problem.tsx";

/** The second half of a sign-in: the password was right, a code is needed as well. */
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
	const { challenge } = asked.second_factor;
	const signIn = useMutation({
		mutationFn: (code: string) => api.auth.signInWithCode({ body: { challenge, code } }),
		onSuccess: onSignedIn,
		onError: () => field.current?.select(),
	});
	const pause = usePause(signIn.error);
	const over = signIn.isError && problemOf(signIn.error).code === "auth.challenge_over";

	function submit(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		if (pause === 0) signIn.mutate(String(new FormData(event.currentTarget).get("code")));
	}

	return (
		<form onSubmit={submit}>
			<Stack gap="md">
				{signIn.isError && <SignInProblem error={signIn.error} pause={pause} />}
				<Text size="sm">
					Your password is right. Now the code that your authenticator app shows, or a recovery code.
				</Text>
				<TextInput
					ref={field}
					name="code"
					label="Code"
					autoComplete="one-time-code"
					autoCapitalize="none"
					spellCheck={false}
					required
					autoFocus
					data-autofocus
					minLength={6}
					maxLength={64}
				/>
				<Group justify="space-between">
					<Button variant="subtle" color="gray" onClick={onBack}>
						Back to the password
					</Button>
					<Button type="submit" loading={signIn.isPending} disabled={over || pause > 0}>
						Sign in
					</Button>
				</Group>
			</Stack>
		</form>
	);
}
