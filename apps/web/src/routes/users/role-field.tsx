import { Select, TextInput } from "@mantine/core";
import { covers } from "@netconductor/contracts/kernel/actor";
import type { ReactNode } from "react";
import { useMe } from "../../api/context.tsx";
import { useRoles } from "./use-roles.ts";

/** A role to give; one that grants more than who gives it holds is not offered. */
export function RoleField(field: { value?: string; error?: ReactNode; onChange: (role: string) => void }) {
	const { permissions } = useMe();
	const { roles } = useRoles();
	if (roles.length === 0) {
		return (
			<TextInput
				label="Role"
				withAsterisk
				description="The name of a role, for example operator"
				{...field}
				onChange={({ currentTarget }) => field.onChange(currentTarget.value)}
			/>
		);
	}
	const chosen = roles.find(({ name }) => name === field.value);
	return (
		<Select
			label="Role"
			withAsterisk
			searchable
			description={chosen?.description}
			data={roles.map((role) => ({
				value: role.name,
				label: role.label,
				disabled: !role.permissions.every((grant) => permissions.some((held) => covers(held, grant))),
			}))}
			{...field}
			value={field.value || null}
			onChange={(name) => field.onChange(name ?? "")}
		/>
	);
}
