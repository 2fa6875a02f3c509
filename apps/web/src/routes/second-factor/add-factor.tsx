import { Button, Drawer, Group, Stack, Text, TextInput } from "@mantine/core";
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
export function AddFactor({ onClose }: { onClose: () => void }) {
	const api = useApi();
	const [begun, setBegun] = useState<Begun>();
	const [codes, setCodes] = useState<string[]>();
	const begin = useMutation({
		mutationFn: (password: string) => api.auth.beginSecondFactor({ body: { password } }),
		onSuccess: setBegun,
	});
	return (
		<Drawer
			opened
			onClose={onClose}
			title="Add a second factor"
			position="right"
			size={520}
			closeOnClickOutside={codes === undefined}
		>
			{codes !== undefined ? (
				<RecoveryCodesShown codes={codes} onClose={onClose} />
			) : begun === undefined ? (
				<PasswordAsked action="Go on" send={begin} onClose={onClose}>
					That it is you who sits here: your password first.
				</PasswordAsked>
			) : (
				<FirstCode begun={begun} onConfirmed={setCodes} onClose={onClose} />
			)}
		</Drawer>
	);
}

function FirstCode({
	begun,
	onConfirmed,
	onClose,
}: {
	begun: Begun;
	onConfirmed: (codes: string[]) => void;
	onClose: () => void;
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
					<Button variant="default" onClick={onClose}>
						Leave it
					</Button>
					<Button type="submit" loading={confirm.isPending}>
						Turn it on
					</Button>
				</Group>
			</Stack>
		</form>
	);
}
