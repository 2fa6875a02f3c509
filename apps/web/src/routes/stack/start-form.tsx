import { MultiSelect, Radio, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import {
	DeployStack,
	type Stack as ServiceStack,
	StartValidation,
	type ValidationSource,
} from "@netconductor/contracts/config/stacks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { HoldNotice } from "../../ui/hold-notice.tsx";
import { Notice } from "../../ui/notice.tsx";
import { toastRun } from "../../ui/toast.tsx";
import { type RolloutDraft, RolloutFields, rolloutOf } from "./rollout-fields.tsx";

export type StartAction = "plan" | "deploy" | "remove" | "validate";

const words: Record<StartAction, { title: string; action: string; started: string; does: string }> = {
	plan: {
		title: "Plan",
		action: "Plan",
		started: "Planning",
		does: "Every device is asked what would change on it. Nothing is changed.",
	},
	deploy: {
		title: "Deploy",
		action: "Deploy",
		started: "Deploying",
		does: "Everything is planned on all devices first. Where a policy wants an approval the run waits for it; then the change goes from batch to batch, and each device is checked, or taken back to what it was.",
	},
	validate: {
		title: "Validate",
		action: "Validate",
		started: "Validating",
		does: "Each device is compared with what the stack says, and nothing is changed. The run fails on those that drifted, and names their lines.",
	},
	remove: {
		title: "Remove",
		action: "Remove from devices",
		started: "Removing",
		does: "The delete templates of its services are planned, approved and carried out like a deployment. The stack itself stays and can be deployed again.",
	},
};

/** What is asked for any of them; each sends its part. */
const StartStack = DeployStack.extend({ source: StartValidation.shape.source });

const renderedFor = { plan: "deploy", deploy: "deploy", remove: "delete", validate: "validation" } as const;
const mostOffered = 50;
const searchAfter_ms = 250;

/** Asks what has to be known before a stack is planned, deployed, removed or validated. Give it another `key` at each opening. */
export function StartForm({
	stack,
	action,
	unsaved,
	opened,
	onClose,
}: {
	stack: ServiceStack;
	action: StartAction;
	/** The page holds changes that are not part of it yet. */
	unsaved: boolean;
	opened: boolean;
	onClose: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const name = visibleLine(stack.name);
	const { title, action: button, started, does } = words[action];
	const form = useContractForm({
		initial: {
			which: "all",
			device_ids: [] as string[],
			reason: "",
			rollout: null as RolloutDraft | null,
			source: "live" as ValidationSource,
		},
		schema: StartStack,
		toBody: ({ which, device_ids, reason, rollout, source }): z.input<typeof StartStack> => ({
			...(which === "some" && { device_ids }),
			reason,
			source,
			...(rollout !== null && { rollout: rolloutOf(rollout) }),
		}),
		send: ({ source, ...body }) => {
			const params = { id: stack.id };
			const { device_ids, reason } = body;
			if (action === "plan") return api.config.planStack({ params, body: { device_ids } });
			if (action === "validate") return api.config.startValidation({ params, body: { device_ids, reason, source } });
			return action === "deploy" ? api.config.deployStack({ params, body }) : api.config.removeStack({ params, body });
		},
		onDone: ({ run_id }) => {
			void queries.invalidateQueries({ queryKey: ["stacks"] });
			void queries.invalidateQueries({ queryKey: ["runs"] });
			toastRun(`${started} ${name}`, run_id);
			onClose();
		},
	});
	const { which } = form.form.values;
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={`${title} ${name}`}
			action={button}
			danger={action === "remove"}
			form={form}
		>
			{action === "remove" && (
				<Notice tone="bad" icon="warning" title="This takes configuration away from devices">
					<span>What the stack brought is removed, also where something else has come to depend on it.</span>
				</Notice>
			)}
			{unsaved && (
				<Notice tone="warn" icon="edit" title="What you changed on this page is not saved">
					<span>The saved definition is used, version {stack.version}.</span>
				</Notice>
			)}
			<Text size="sm">{does}</Text>
			{(action === "deploy" || action === "remove") && (
				<HoldNotice
					change={{
						kind: action === "deploy" ? "deploy" : "delete",
						params: { stack: stack.id },
						...(which === "some" && { select: { device_ids: form.form.values.device_ids } }),
					}}
				/>
			)}
			<SegmentedControl
				aria-label="Which devices"
				data={[
					{ value: "all", label: "All its devices" },
					{ value: "some", label: "Some of them" },
				]}
				{...form.field("which")}
			/>
			{which === "some" && <DevicesOfStack stack={stack} action={action} field={form.field("device_ids")} />}
			{action === "validate" && (
				<Radio.Group label="Compared with" {...form.field("source")}>
					<Stack gap="xs" mt={4}>
						<Radio value="live" label="What each device says now" />
						<Radio value="backup" label="Its newest backup; no device is asked" />
					</Stack>
				</Radio.Group>
			)}
			{(action === "deploy" || action === "remove") && <RolloutFields own={stack.rollout} {...form.field("rollout")} />}
			{action !== "plan" && (
				<Textarea
					label="Reason"
					description={
						action === "validate"
							? "For those who read it later"
							: "For those who approve, and for those who read it later"
					}
					autosize
					minRows={2}
					maxRows={6}
					maxLength={500}
					{...form.field("reason")}
				/>
			)}
		</FormDrawer>
	);
}

/** Some of the devices that the stack stands on. */
function DevicesOfStack({
	stack,
	action,
	field,
}: {
	stack: ServiceStack;
	action: StartAction;
	field: { value?: string[]; onChange?: (value: string[]) => void };
}) {
	const api = useApi();
	const [typed, setTyped] = useState("");
	const [asked] = useDebouncedValue(typed.trim(), searchAfter_ms);
	const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
	const found = useQuery({
		queryKey: ["stacks", "devices", stack.id, action, asked],
		queryFn: async ({ signal }) => {
			const query = {
				q: asked || undefined,
				page_size: mostOffered,
				action: renderedFor[action],
			};
			const { items } = await api.config.renderStack({ params: { id: stack.id }, query }, { signal });
			return items.map(({ device_id, device_name }) => ({ value: device_id, label: visibleLine(device_name) }));
		},
		placeholderData: keepPreviousData,
		retry: false,
	});
	const chosen = field.value ?? [];
	const offered = found.data ?? [];
	const kept = chosen
		.filter((id) => !offered.some(({ value }) => value === id))
		.map((id) => ({ value: id, label: names.get(id) ?? id }));
	return (
		<MultiSelect
			label="Devices"
			description="Of those that its services stand on"
			placeholder={chosen.length === 0 ? "Choose devices" : ""}
			searchable
			clearable
			clearButtonProps={{ "aria-label": "Choose no devices" }}
			data={[...offered, ...kept]}
			filter={({ options }) => options}
			onSearchChange={setTyped}
			nothingFoundMessage={
				found.isFetching ? "Looking…" : found.isError ? "They could not be read" : "No device of that name"
			}
			maxDropdownHeight={320}
			{...field}
			onChange={(ids) => {
				setNames(new Map([...names, ...offered.map(({ value, label }) => [value, label] as const)]));
				field.onChange?.(ids);
			}}
		/>
	);
}
