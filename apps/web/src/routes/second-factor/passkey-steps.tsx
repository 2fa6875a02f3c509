import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import type { BegunPasskey } from "@netconductor/contracts/auth/passkeys";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useApi } from "../../api/context.tsx";
import { makePasskey } from "../../passkeys/browser.ts";
import { PasskeyProblem } from "../../passkeys/passkey-problem.tsx";
import { PasswordAsked } from "./password-asked.tsx";
import { RecoveryCodesShown } from "./recovery-codes-shown.tsx";

/** Password, then a name and the browser's own question, then the recovery codes where it is the first second factor. */
export function PasskeySteps({
	onLeave,
	leave = "Leave it",
	onCodes,
	onDone,
}: {
	/** Goes without a passkey. */
	onLeave: () => void;
	leave?: string;
	/** From here on there is something on the screen that is shown once. */
	onCodes?: () => void;
	onDone: () => void;
}) {
	const api = useApi();
	const [begun, setBegun] = useState<BegunPasskey>();
	const [codes, setCodes] = useState<string[]>();
	const begin = useMutation({
		mutationFn: (password: string) => api.auth.beginPasskey({ body: { password } }),
		onSuccess: setBegun,
	});
	if (codes !== undefined) return <RecoveryCodesShown codes={codes} onClose={onDone} />;
	if (begun === undefined) {
		return (
			<PasswordAsked action="Go on" send={begin} leave={leave} onClose={onLeave}>
				That it is you who sits here: your password first.
			</PasswordAsked>
		);
	}
	function show(made: string[]) {
		if (made.length === 0) return onDone();
		setCodes(made);
		onCodes?.();
	}
	return (
		<MakePasskey
			begun={begun}
			onAdded={show}
			onLeave={onLeave}
			leave={leave}
			onOver={() => {
				begin.reset();
				setBegun(undefined);
			}}
		/>
	);
}

function MakePasskey({
	begun,
	onAdded,
	onLeave,
	leave,
	onOver,
}: {
	begun: BegunPasskey;
	onAdded: (recovery_codes: string[]) => void;
	onLeave: () => void;
	leave: string;
	/** What was begun is of no use any more. */
	onOver: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	// A passkey is on the device from the moment that the browser made it, and is sent once.
	const [sent, setSent] = useState(false);
	const add = useMutation({
		mutationFn: async (name: string) => {
			const credential = await makePasskey(begun);
			setSent(true);
			return api.auth.addPasskey({ body: { attempt: begun.attempt, name, credential } });
		},
		onSuccess: ({ recovery_codes }) => {
			void queries.invalidateQueries({ queryKey: ["me", "second-factors"] });
			onAdded(recovery_codes);
		},
	});

	function submit(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		if (sent) return onOver();
		add.mutate(String(new FormData(event.currentTarget).get("name")));
	}

	return (
		<form onSubmit={submit}>
			<Stack gap="md">
				<Text size="sm">
					Your browser asks next where to keep it: on this device, on your phone, or on a security key.
				</Text>
				{add.isError && <PasskeyProblem error={add.error} pause={0} />}
				<TextInput
					name="name"
					label="Name"
					description="By which you know it again in the list: the device that holds it."
					autoComplete="off"
					required
					autoFocus
					maxLength={100}
				/>
				<Group justify="flex-end">
					<Button variant="default" onClick={onLeave}>
						{leave}
					</Button>
					<Button type="submit" loading={add.isPending}>
						{add.isError ? (sent ? "Begin again" : "Try again") : "Make the passkey"}
					</Button>
				</Group>
			</Stack>
		</form>
	);
}
