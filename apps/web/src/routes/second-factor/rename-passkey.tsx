import { Button, Drawer, Group, Stack, TextInput } from "@mantine/core";
import type { Passkey } from "@netconductor/contracts/auth/passkeys";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useApi } from "../../api/context.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";

export function RenamePasskey({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const rename = useMutation({
		mutationFn: (name: string) => api.auth.renamePasskey({ params: { id: passkey.id }, body: { name } }),
		onSuccess: async () => {
			await queries.invalidateQueries({ queryKey: ["me", "second-factors"] });
			onClose();
		},
	});

	function submit(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		rename.mutate(String(new FormData(event.currentTarget).get("name")));
	}

	return (
		<Drawer opened onClose={onClose} title="Rename the passkey" position="right" size={520}>
			<form onSubmit={submit}>
				<Stack gap="md">
					{rename.isError && <ProblemAlert error={rename.error} />}
					<TextInput
						name="name"
						label="Name"
						defaultValue={passkey.name}
						autoComplete="off"
						required
						data-autofocus
						maxLength={100}
					/>
					<Group justify="flex-end">
						<Button variant="default" onClick={onClose}>
							Leave it
						</Button>
						<Button type="submit" loading={rename.isPending}>
							Rename
						</Button>
					</Group>
				</Stack>
			</form>
		</Drawer>
	);
}
