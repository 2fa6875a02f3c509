import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import type { BegunPasskey } from "@netconductor/contracts/auth/passkeys";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useApi } from "../../api/context.tsx";
import { makePasskey } from "../../passkeys/browser.ts";
import { PasskeyProblem } from "../../passkeys/passkey-problem.tsx";
import { type AddingProps, AddingSteps, type MakingProps } from "./adding-steps.tsx";

/** That it is they, then a name and the browser's own question. */
export function PasskeySteps(props: AddingProps) {
	const api = useApi();
	return (
		<AddingSteps
			{...props}
			begin={(proof) => api.auth.beginPasskey({ body: proof })}
			making={(making) => <MakePasskey {...making} />}
		/>
	);
}

function MakePasskey({ begun, onMade, onLeave, leave, onOver }: MakingProps<BegunPasskey>) {
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
			onMade(recovery_codes);
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
