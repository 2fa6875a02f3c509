import { Select, TextInput } from "@mantine/core";
import { type ServiceAccount, ServiceAccountChange } from "@netconductor/contracts/auth/service-accounts";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { z } from "zod";
import { useApi, usePermitted } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { toastDone } from "../../ui/toast.tsx";
import { RoleField } from "../users/role-field.tsx";

const mostUsers = 500;

export function EditAccount({ account, onClose }: { account: ServiceAccount; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const users = useQuery({
		queryKey: ["users", "enabled"],
		queryFn: ({ signal }) => api.auth.listUsers({ query: { page_size: mostUsers, disabled: "false" } }, { signal }),
		enabled: permitted("users:read"),
	}).data?.items;
	const form = useContractForm({
		initial: { description: account.description, role: account.role, owner_id: account.owner?.id ?? "" },
		schema: ServiceAccountChange,
		toBody: ({ description, role, owner_id }): z.input<typeof ServiceAccountChange> => ({
			description: description.trim(),
			...(role !== account.role && { role }),
			...(owner_id !== "" && owner_id !== account.owner?.id && { owner_id }),
		}),
		send: (body) => api.auth.updateServiceAccount({ params: { id: account.id }, body }),
		onDone: (changed) => {
			queries.setQueryData(["service_accounts", "one", account.id], changed);
			toastDone(`${visibleLine(account.name)} is changed`);
			onClose();
		},
		about: { "roles.not_found": "role", "roles.escalation": "role", "service_accounts.no_owner": "owner_id" },
	});
	const owner = form.field("owner_id");
	return (
		<FormDrawer opened onClose={onClose} title={`Edit ${visibleLine(account.name)}`} action="Save" form={form}>
			<TextInput
				label="What it is for"
				data-autofocus
				maxLength={500}
				autoComplete="off"
				{...form.field("description")}
			/>
			<RoleField {...form.field("role")} />
			{users !== undefined && (
				<Select
					label="Owner"
					description="Whom to ask about it; an owner has no rights to it"
					searchable
					data={users
						.filter(({ absent_since }) => absent_since === null)
						.map(({ id, username }) => ({ value: id, label: visibleLine(username) }))}
					{...owner}
					value={owner.value || null}
					onChange={(id) => owner.onChange(id ?? "")}
				/>
			)}
		</FormDrawer>
	);
}
