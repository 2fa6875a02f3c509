import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useApi } from "../../api/context.tsx";
import { CopyIcon } from "../../ui/copy-button.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { type AddingProps, AddingSteps, type MakingProps } from "./adding-steps.tsx";
import { QrCode } from "./qr-code.tsx";

interface Begun {
	id: string;
	secret: string;
	uri: string;
}

/** That it is they, then the app, then its first code. */
export function FactorSteps(props: AddingProps) {
	const api = useApi();
	return (
		<AddingSteps
			{...props}
			begin={(proof): Promise<Begun> => api.auth.beginSecondFactor({ body: proof })}
			making={(making) => <FirstCode {...making} />}
		/>
	);
}

function FirstCode({ begun, onMade, onLeave, leave }: MakingProps<Begun>) {
	const api = useApi();
	const queries = useQueryClient();
	const confirm = useMutation({
		mutationFn: (code: string) => api.auth.confirmSecondFactor({ params: { id: begun.id }, body: { code } }),
		onSuccess: ({ recovery_codes }) => {
			void queries.invalidateQueries({ queryKey: ["me", "second-factors"] });
			onMade(recovery_codes);
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
