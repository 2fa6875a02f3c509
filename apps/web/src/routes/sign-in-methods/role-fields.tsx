import { ActionIcon, Button, Group, Input, Select, Stack, TextInput } from "@mantine/core";
import { covers } from "@netconductor/contracts/kernel/actor";
import type { ReactNode } from "react";
import { useMe } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { useRoles } from "../users/use-roles.ts";

interface Row {
	group: string;
	role: string;
}

interface Field<T> {
	value?: T;
	error?: ReactNode;
	onChange: (value: T) => void;
}

const most = 200;

/** Which group has which role, and what somebody gets whom no row names. */
export function RoleFields({ map, fallback }: { map: Field<Row[]>; fallback: Field<string> }) {
	const { value = [], error, onChange } = map;
	const set = (index: number, change: Partial<Row>) =>
		onChange(value.map((row, at) => (at === index ? { ...row, ...change } : row)));
	const swap = (index: number) => {
		const { [index]: one, [index - 1]: other } = value;
		if (one !== undefined && other !== undefined) onChange(value.with(index, other).with(index - 1, one));
	};
	return (
		<>
			<Input.Wrapper
				label="Roles by group"
				labelElement="div"
				description="The first row whose group somebody is in decides, at each sign-in. Names, or distinguished names."
				error={error}
			>
				<Stack gap={6} mt={6}>
					{value.map((row, index) => (
						<Group
							// biome-ignore lint/suspicious/noArrayIndexKey: a row has no other name than its place
							key={index}
							gap={6}
							wrap="nowrap"
						>
							<TextInput
								aria-label={`Group ${index + 1}`}
								placeholder="Group"
								maxLength={1000}
								style={{ flex: 3 }}
								value={row.group}
								onChange={({ currentTarget }) => set(index, { group: currentTarget.value })}
							/>
							<div style={{ flex: 2 }}>
								<RoleSelect
									label={`Role of group ${index + 1}`}
									hidden
									value={row.role}
									onChange={(role) => set(index, { role })}
								/>
							</div>
							<ActionIcon
								variant="subtle"
								color="gray"
								disabled={index === 0}
								aria-label={`Look at group ${index + 1} earlier`}
								onClick={() => swap(index)}
							>
								<Icon name="up" size={14} />
							</ActionIcon>
							<ActionIcon
								variant="subtle"
								color="gray"
								aria-label={`Remove group ${index + 1}`}
								onClick={() => onChange(value.filter((_, at) => at !== index))}
							>
								<Icon name="trash" size={14} />
							</ActionIcon>
						</Group>
					))}
					{value.length < most && (
						<Button
							variant="default"
							leftSection={<Icon name="plus" size={14} />}
							onClick={() => onChange([...value, { group: "", role: "" }])}
						>
							Add a group
						</Button>
					)}
				</Stack>
			</Input.Wrapper>
			<RoleSelect
				label="Role of everybody else"
				description="Without one, whom no group above names may not sign in"
				none="None: they may not sign in"
				{...fallback}
			/>
		</>
	);
}

/** A role to hand out; one that grants more than who does it holds is not offered. */
function RoleSelect({
	label,
	description,
	hidden = false,
	none,
	value = "",
	error,
	onChange,
}: Field<string> & {
	label: string;
	description?: string;
	/** Whether the label is for screen readers only. */
	hidden?: boolean;
	/** What is shown where no role is chosen, and that none may be. */
	none?: string;
}) {
	const { permissions } = useMe();
	const { roles } = useRoles();
	const named = { ...(hidden ? { "aria-label": label } : { label }), description, error };
	if (roles.length === 0) {
		return (
			<TextInput
				{...named}
				placeholder={none ?? "Role"}
				value={value}
				onChange={({ currentTarget }) => onChange(currentTarget.value)}
			/>
		);
	}
	const offered = roles.map((role) => ({
		value: role.name,
		label: role.label,
		disabled: !role.permissions.every((grant) => permissions.some((held) => covers(held, grant))),
	}));
	return (
		<Select
			{...named}
			searchable
			clearable={none !== undefined}
			placeholder={none ?? "Role"}
			data={offered}
			value={value || null}
			onChange={(role) => onChange(role ?? "")}
		/>
	);
}
