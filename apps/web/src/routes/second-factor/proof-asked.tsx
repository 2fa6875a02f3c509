import { Button, Divider, Group, Stack, Text } from "@mantine/core";
import type { OwnerProof } from "@netconductor/contracts/auth/second-factor";
import { type UseMutationResult, useMutation, useQuery } from "@tanstack/react-query";
import type { FormEvent, ReactNode } from "react";
import { useApi } from "../../api/context.tsx";
import { takesPasskeys } from "../../passkeys/browser.ts";
import { proveWithPasskey } from "../../passkeys/choose-passkey.ts";
import { PasskeyProblem } from "../../passkeys/passkey-problem.tsx";
import { SignInProblem, usePause } from "../../shell/sign-in-problem.tsx";
import { signInQuery } from "../../shell/sign-in-query.ts";
import { Icon } from "../../ui/icon.tsx";
import { PasswordField } from "../../ui/password-field.tsx";
import { ownFactorsQuery } from "./own-factors-query.ts";

/** Asks for the password or a passkey again before something that a stolen session must not do. */
export function ProofAsked<T>({
	action,
	send,
	onClose,
	leave = "Leave it",
	children,
}: {
	action: string;
	send: UseMutationResult<T, Error, OwnerProof>;
	onClose: () => void;
	/** What it is called not to go on. */
	leave?: string;
	/** What will happen. */
	children: ReactNode;
}) {
	const api = useApi();
	const offersPasskey = useOwnPasskeyHere();
	const withPasskey = useMutation({
		mutationFn: () => proveWithPasskey(api),
		onMutate: () => send.reset(),
		onSuccess: (passkey) => send.mutate({ passkey }),
	});
	const pause = usePause(send.error ?? withPasskey.error);

	function submit(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		withPasskey.reset();
		if (pause === 0) send.mutate({ password: String(new FormData(event.currentTarget).get("password")) });
	}

	return (
		<form onSubmit={submit}>
			<Stack gap="md">
				<Text size="sm">{children}</Text>
				{send.isError && <SignInProblem error={send.error} pause={pause} />}
				{withPasskey.isError && <PasskeyProblem error={withPasskey.error} pause={pause} />}
				{offersPasskey && (
					<>
						<Button
							variant="default"
							leftSection={<Icon name="key" size={14} />}
							loading={withPasskey.isPending}
							disabled={pause > 0 || send.isPending}
							onClick={() => withPasskey.mutate()}
							fullWidth
						>
							Use your passkey
						</Button>
						<Divider label="or" />
					</>
				)}
				<PasswordField name="password" label="Password" autoComplete="current-password" required data-autofocus />
				<Group justify="flex-end">
					<Button variant="default" onClick={onClose}>
						{leave}
					</Button>
					<Button type="submit" loading={send.isPending} disabled={pause > 0 || withPasskey.isPending}>
						{action}
					</Button>
				</Group>
			</Stack>
		</form>
	);
}

/** Whether whoever is signed in has a passkey that this browser would give to this page. */
function useOwnPasskeyHere(): boolean {
	const api = useApi();
	const origin = useQuery(signInQuery(api)).data?.passkey_origin;
	const { passkeys = [] } = useQuery(ownFactorsQuery(api)).data ?? {};
	return takesPasskeys(origin) && passkeys.some(({ domain }) => domain === window.location.hostname);
}
