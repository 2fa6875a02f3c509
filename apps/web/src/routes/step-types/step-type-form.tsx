import { Select, Textarea, TextInput } from "@mantine/core";
import { type MopStepType, NewStepType } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { parse, stringify } from "yaml";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { toastDone } from "../../ui/toast.tsx";
import { useStepTypes } from "../mop/use-step-types.ts";

const yamlOf = (value: Record<string, unknown>) =>
	Object.keys(value).length === 0 ? "" : stringify(value, { lineWidth: 0 });

/** What a text in YAML says. What is no YAML stays a text, which the contract refuses beside its field. */
function readYaml(text: string): Record<string, unknown> {
	if (text.trim() === "") return {};
	try {
		return parse(text, { maxAliasCount: 10 }) as Record<string, unknown>;
	} catch {
		return text as never;
	}
}

/** Adds a step type of one's own, or changes one. Give it another `key` at each opening. */
export function StepTypeForm({
	stepType: given,
	opened,
	onClose,
	onSaved,
}: {
	stepType: MopStepType | undefined;
	opened: boolean;
	onClose: () => void;
	onSaved: (stepType: MopStepType) => void;
}) {
	const [stepType] = useState(given);
	const api = useApi();
	const queries = useQueryClient();
	const types = useStepTypes();
	const form = useContractForm({
		initial: {
			type: stepType?.type ?? "",
			label: stepType?.label ?? "",
			description: stepType?.description ?? "",
			base: stepType?.base ?? "",
			preset: yamlOf(stepType?.preset ?? {}),
			parameters: yamlOf(stepType?.parameters ?? {}),
		},
		schema: NewStepType,
		toBody: (values): z.input<typeof NewStepType> => ({
			...values,
			type: values.type.trim(),
			label: values.label.trim(),
			preset: readYaml(values.preset),
			parameters: readYaml(values.parameters) as never,
		}),
		send: ({ type, ...body }) =>
			stepType === undefined
				? api.config.createStepType({ body: { type, ...body } })
				: api.config.updateStepType({ params: { id: stepType.type }, body }),
		about: { "step_types.name_taken": "type" },
		onDone: (saved) => {
			queries.setQueryData(["step_types", "one", saved.type], saved);
			void queries.invalidateQueries({ queryKey: ["step_types"] });
			toastDone(`The step type ${visibleLine(saved.type)} is ${stepType === undefined ? "added" : "changed"}`);
			onClose();
			onSaved(saved);
		},
	});
	const base = types.find(({ type }) => type === form.form.values.base);
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={stepType === undefined ? "Add a step type" : `Edit ${visibleLine(stepType.type)}`}
			action={stepType === undefined ? "Add step type" : "Save"}
			form={form}
		>
			<TextInput
				label="Type"
				description="What procedures call it: lower-case letters, digits and _"
				withAsterisk
				maxLength={63}
				data-autofocus
				autoComplete="off"
				disabled={stepType !== undefined}
				{...form.field("type")}
			/>
			<TextInput label="Name" withAsterisk maxLength={100} {...form.field("label")} />
			<Textarea label="Description" autosize minRows={2} maxRows={6} maxLength={2000} {...form.field("description")} />
			<Select
				label="Preset of"
				description={base === undefined ? "A step type of the product" : visibleLine(base.description)}
				withAsterisk
				searchable
				data={types
					.filter(({ built_in }) => built_in)
					.map(({ type, label }) => ({ value: type, label: `${visibleLine(label)} (${type})` }))}
				{...form.field("base")}
			/>
			<Textarea
				label="What it sets"
				description={`Parameters of ${base?.type ?? "that type"} as YAML; {{ name }} takes a parameter from below`}
				placeholder={base === undefined ? "" : yamlOf(base.example)}
				autosize
				minRows={4}
				maxRows={14}
				spellCheck={false}
				styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
				{...form.field("preset")}
			/>
			<Textarea
				label="Its own parameters"
				description="By name, as YAML: type, description, required, default, choices, pattern"
				placeholder={"address:\n  type: string\n  required: true\n  description: Who is pinged"}
				autosize
				minRows={4}
				maxRows={14}
				spellCheck={false}
				styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
				{...form.field("parameters")}
			/>
		</FormDrawer>
	);
}
