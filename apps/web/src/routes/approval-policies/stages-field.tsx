import { ActionIcon, Button, Group, Input, MultiSelect, NumberInput, Stack, TagsInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { useRoles } from "../users/use-roles.ts";

export interface StageDraft {
	name: string;
	needed: number;
	roles: string[];
	/** User names. */
	users: string[];
}

const most = 5;
const usersOffered = 500;

/** Whose approval is needed, one stage after another; none for a policy that wants no approval. */
export function StagesField({
	value = [],
	error,
	onChange,
}: {
	value?: StageDraft[];
	error?: ReactNode;
	onChange: (value: StageDraft[]) => void;
}) {
	const api = useApi();
	const mayReadUsers = usePermitted()("users:read");
	const { roles } = useRoles();
	const { data: users } = useQuery({
		queryKey: ["users", "names"],
		queryFn: ({ signal }) => api.auth.listUsers({ query: { page_size: usersOffered } }, { signal }),
		enabled: mayReadUsers,
	});
	const names = users?.items.map(({ username }) => username) ?? [];
	const set = (index: number, change: Partial<StageDraft>) =>
		onChange(value.map((stage, at) => (at === index ? { ...stage, ...change } : stage)));
	return (
		<Input.Wrapper
			label="Whose approval it needs"
			description={
				value.length === 0
					? "No approval: what it matches begins at once"
					: "Without users and roles anybody who may approve, but never who asked"
			}
			error={error}
		>
			<Stack gap="xs" mt={6}>
				{value.map((stage, index) => {
					const which = value.length === 1 ? "" : ` of stage ${index + 1}`;
					return (
						<fieldset
							// biome-ignore lint/suspicious/noArrayIndexKey: a stage has no other name than its place
							key={index}
							className="nc-panel nc-panel-body"
							style={{ margin: 0 }}
							aria-label={`Stage ${index + 1}`}
						>
							<Stack gap={6}>
								<Group gap="xs" align="end" wrap="nowrap">
									<TextInput
										label="Stage"
										aria-label={`Stage name${which}`}
										maxLength={100}
										style={{ flex: 1 }}
										value={stage.name}
										onChange={({ currentTarget }) => set(index, { name: currentTarget.value })}
									/>
									<NumberInput
										label="Approvals"
										aria-label={`Approvals${which}`}
										w={90}
										min={1}
										max={10}
										allowDecimal={false}
										value={stage.needed}
										onChange={(needed) => set(index, { needed: Number(needed) || 1 })}
									/>
									<ActionIcon
										variant="subtle"
										color="gray"
										mb={6}
										aria-label={`Remove stage ${index + 1}`}
										onClick={() => onChange(value.filter((_, at) => at !== index))}
									>
										<Icon name="trash" size={14} />
									</ActionIcon>
								</Group>
								<MultiSelect
									label="Roles"
									aria-label={`Roles${which}`}
									searchable
									data={roles.map(({ name, label }) => ({ value: name, label }))}
									value={stage.roles}
									onChange={(chosen) => set(index, { roles: chosen })}
								/>
								<TagsInput
									label="Users"
									aria-label={`Users${which}`}
									data={names}
									value={stage.users}
									onChange={(chosen) => set(index, { users: chosen })}
								/>
							</Stack>
						</fieldset>
					);
				})}
				{value.length < most && (
					<Button
						variant="default"
						leftSection={<Icon name="plus" size={14} />}
						onClick={() =>
							onChange([
								...value,
								{
									name: value.length === 0 ? "Approval" : `Approval ${value.length + 1}`,
									needed: 1,
									roles: [],
									users: [],
								},
							])
						}
					>
						{value.length === 0 ? "Want an approval" : "Add a stage"}
					</Button>
				)}
			</Stack>
		</Input.Wrapper>
	);
}
