import { Button, Group, Stack, Text } from "@mantine/core";
import type { UseMutationResult } from "@tanstack/react-query";
import type { FormEvent, ReactNode } from "react";
import { SignInProblem, usePause } from "../../shell/sign-in-problem.tsx";
import { PasswordField } from "../../ui/password-field.tsx";

/** Asks for the password again before something that a stolen session must not do. */
export function PasswordAsked<T>({
	action,
	send,
	onClose,
	leave = "Leave it",
	children,
}: {
	action: string;
	send: UseMutationResult<T, Error, string>;
	onClose: () => void;
	/** What it is called not to go on. */
	leave?: string;
	/** What will happen. */
	children: ReactNode;
}) {
	const pause = usePause(send.error);

	function submit(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		if (pause === 0) send.mutate(String(new FormData(event.currentTarget).get("password")));
	}

	return (
		<form onSubmit={submit}>
			<Stack gap="md">
				<Text size="sm">{children}</Text>
				{send.isError && <SignInProblem error={send.error} pause={pause} />}
				<PasswordField name="password" label="Password" autoComplete="current-password" required data-autofocus />
				<Group justify="flex-end">
					<Button variant="default" onClick={onClose}>
						{leave}
					</Button>
					<Button type="submit" loading={send.isPending} disabled={pause > 0}>
						{action}
					</Button>
				</Group>
			</Stack>
		</form>
	);
}
