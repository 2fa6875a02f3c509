import { MultiSelect, NumberInput, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import {
	type ApprovalPolicy,
	ApprovalPolicyChange,
	NewApprovalPolicy,
	RiskLevel,
} from "@netconductor/contracts/alerts/approvals";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { toastDone } from "../../ui/toast.tsx";
import { riskLooks } from "../approvals/looks.tsx";
import { type StageDraft, StagesField } from "./stages-field.tsx";

/** Kinds of change that there are to choose from; others may be typed. */
const knownKinds = ["deploy", "delete", "mop", "backup"];

const groupsOffered = 500;

/** Names of the device groups there are, for who may see them. */
export function useGroupNames(): string[] {
	const api = useApi();
	const permitted = usePermitted();
	const { data } = useQuery({
		queryKey: ["device_groups", "names"],
		queryFn: ({ signal }) => api.devices.listGroups({ query: { page_size: groupsOffered } }, { signal }),
		enabled: permitted("devices:read"),
	});
	return data?.items.map(({ name }) => name) ?? [];
}

/** Adds a policy, or changes `policy`. Give it another `key` at each opening. */
export function PolicyForm({
	policy: given,
	opened,
	onClose,
}: {
	policy?: ApprovalPolicy | undefined;
	opened: boolean;
	onClose: () => void;
}) {
	// What it was when the form was opened: what somebody else changes meanwhile is not undone by saving.
	const [policy] = useState(given);
	const api = useApi();
	const queries = useQueryClient();
	const groups = useGroupNames();
	const form = useContractForm({
		initial: {
			name: policy?.name ?? "",
			description: policy?.description ?? "",
			enabled: policy?.enabled ?? true,
			kinds: policy?.kinds ?? [],
			groups: policy?.groups ?? [],
			risk_at_least: policy?.risk_at_least ?? "low",
			writes_only: policy?.writes_only ?? true,
			stages: draftOf(policy),
			expires_in_minutes: policy?.expires_in_minutes ?? "",
		},
		schema: policy === undefined ? NewApprovalPolicy : ApprovalPolicyChange,
		toBody: ({ name, expires_in_minutes, ...rest }) => ({
			...rest,
			name: name.trim(),
			expires_in_minutes: typeof expires_in_minutes === "number" ? expires_in_minutes : null,
		}),
		send: (body) =>
			policy === undefined
				? api.alerts.createApprovalPolicy({ body: { ...body, name: body.name ?? "" } })
				: api.alerts.updateApprovalPolicy({ params: { id: policy.id }, body }),
		about: { "approval_policies.name_taken": "name", "approval_policies.unknown_approver": "stages" },
		onDone: ({ name }) => {
			void queries.invalidateQueries({ queryKey: ["approval_policies"] });
			toastDone(`The policy ${visibleLine(name)} is ${policy === undefined ? "added" : "changed"}`);
			onClose();
		},
	});
	const enabled = form.field("enabled", { type: "checkbox" });
	const writesOnly = form.field("writes_only", { type: "checkbox" });
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={policy === undefined ? "Add a policy" : `Edit ${visibleLine(policy.name)}`}
			action={policy === undefined ? "Add policy" : "Save"}
			form={form}
		>
			<TextInput label="Name" withAsterisk data-autofocus maxLength={100} {...form.field("name")} />
			<Textarea label="Description" autosize minRows={1} maxRows={4} maxLength={1000} {...form.field("description")} />
			<TagsInput
				label="Kinds of change"
				description="None: all kinds"
				data={knownKinds}
				splitChars={[",", " "]}
				{...form.field("kinds")}
			/>
			<MultiSelectOrTags
				label="Device groups"
				description="None: all devices"
				data={groups}
				{...form.field("groups")}
			/>
			<Select
				label="From this risk on"
				allowDeselect={false}
				data={RiskLevel.options.map((value) => ({ value, label: riskLooks[value].word }))}
				{...form.field("risk_at_least")}
			/>
			<Switch label="Only what writes to devices" {...writesOnly} />
			<StagesField {...form.field("stages")} />
			<NumberInput
				label="Minutes to decide"
				description="Empty: as set for all policies"
				min={1}
				max={43_200}
				allowDecimal={false}
				{...form.field("expires_in_minutes")}
			/>
			<Switch label="Switched on" {...enabled} />
		</FormDrawer>
	);
}

function draftOf(policy: ApprovalPolicy | undefined): StageDraft[] {
	if (policy === undefined) return [{ name: "Approval", needed: 1, roles: [], users: [] }];
	return policy.stages.map(({ name, needed, roles, users }) => ({
		name,
		needed,
		roles: [...roles],
		users: users.map((user) => user.name),
	}));
}

/** Groups there are to choose from; who may not see them types their names. */
function MultiSelectOrTags({
	data,
	...field
}: {
	label: string;
	description: string;
	data: string[];
	value?: string[];
	onChange?: (value: string[]) => void;
}) {
	const mayRead = usePermitted()("devices:read");
	// One that was deleted stays in sight, so that it can be taken out.
	const offered = [...new Set([...data, ...(field.value ?? [])])];
	return mayRead ? <MultiSelect searchable data={offered} {...field} /> : <TagsInput {...field} />;
}
