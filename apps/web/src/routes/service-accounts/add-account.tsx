import { TextInput } from "@mantine/core";
import { NewServiceAccount, type ServiceAccount } from "@netconductor/contracts/auth/service-accounts";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { toastDone } from "../../ui/toast.tsx";
import { RoleField } from "../users/role-field.tsx";

/** Adds a service account, owned by who adds it. */
export function AddAccount({ onAdded, onClose }: { onAdded: (account: ServiceAccount) => void; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const form = useContractForm({
		initial: { name: "", description: "", role: "" },
		schema: NewServiceAccount,
		toBody: ({ name, description, role }): z.input<typeof NewServiceAccount> => ({
			name: name.trim(),
			description: description.trim(),
			role,
		}),
		send: (body) => api.auth.createServiceAccount({ body }),
		onDone: (account) => {
			void queries.invalidateQueries({ queryKey: ["service_accounts"] });
			toastDone(`${visibleLine(account.name)} is added`);
			onAdded(account);
		},
		about: { "service_accounts.name_taken": "name", "roles.not_found": "role", "roles.escalation": "role" },
	});
	return (
		<FormDrawer opened onClose={onClose} title="Add a service account" action="Add service account" form={form}>
			<TextInput
				label="Name"
				description="What the audit trail calls it; it cannot be changed"
				placeholder="ci-deploy"
				withAsterisk
				data-autofocus
				maxLength={64}
				autoComplete="off"
				{...form.field("name")}
			/>
			<TextInput label="What it is for" maxLength={500} autoComplete="off" {...form.field("description")} />
			<RoleField {...form.field("role")} />
		</FormDrawer>
	);
}
