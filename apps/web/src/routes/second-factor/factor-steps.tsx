import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useApi } from "../../api/context.tsx";
import { CopyIcon } from "../../ui/copy-button.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { PasswordAsked } from "./password-asked.tsx";
import { QrCode } from "./qr-code.tsx";
import { RecoveryCodesShown } from "./recovery-codes-shown.tsx";

interface Begun {
	id: string;
	secret: string;
	uri: string;
}

/** Password, then the app, then its first code, then the recovery codes. */
export function FactorSteps({
	onLeave,
	leave = "Leave it",
	onCodes,
	onDone,
}: {
	/** Goes without a second factor. */
	onLeave: () => void;
	leave?: string;
	/** From here on there is something on the screen that is shown once. */
	onCodes?: () => void;
	onDone: () => void;
}) {
	const api = useApi();
	const [begun, setBegun] = useState<Begun>();
	const [codes, setCodes] = useState<string[]>();
	const begin = useMutation({
		mutationFn: (password: string) => api.auth.beginSecondFactor({ body: { password } }),
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
		// Who had a second factor before keeps the codes that came with it.
		if (made.length === 0) return onDone();
		setCodes(made);
		onCodes?.();
	}
	return <FirstCode begun={begun} onConfirmed={show} onLeave={onLeave} leave={leave} />;
}

function FirstCode({
	begun,
	onConfirmed,
	onLeave,
	leave,
}: {
	begun: Begun;
	onConfirmed: (codes: string[]) => void;
	onLeave: () => void;
	leave: string;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const confirm = useMutation({
		mutationFn: (code: string) => api.auth.confirmSecondFactor({ params: { id: begun.id }, body: { code } }),
		onSuccess: ({ recovery_codes }) => {
			void queries.invalidateQueries({ queryKey: ["me", "second-factors"] });
			onConfirmed(recovery_codes);
		},
	});

	function submit(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		confirm.mutate(String(new FormData(event.currentTarget).get("code")));
	}

	return (
		<form onSubmit={submit}>
			<Stack gap="md">
				<Text size="sm">Scan this with an authenticator app, or type the secret into it.</Text>
				<QrCode text={begun.uri} label="QR code for an authenticator app" />
				<Group gap="xs" wrap="nowrap">
					<output className="nc-mono nc-break" aria-label="Secret" style={{ userSelect: "all" }}>
						{begun.secret.match(/.{1,4}/g)?.join(" ")}
					</output>
					<CopyIcon text={begun.secret} label="Copy the secret" />
				</Group>
				{confirm.isError && <ProblemAlert error={confirm.error} />}
				<TextInput
					name="code"
					label="First code of the app"
					autoComplete="one-time-code"
					inputMode="numeric"
					required
					autoFocus
					minLength={6}
					maxLength={20}
				/>
				<Group justify="flex-end">
					<Button variant="default" onClick={onLeave}>
						{leave}
					</Button>
					<Button type="submit" loading={confirm.isPending}>
						Turn it on
					</Button>
				</Group>
			</Stack>
		</form>
	);
}
