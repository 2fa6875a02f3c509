import { MultiSelect, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import {
	NewTemplate,
	type Template,
	TemplateType,
	type TemplateType as Type,
} from "@netconductor/contracts/config/templates";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { z } from "zod";
import { useApi, usePermitted } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { toastDone } from "../../ui/toast.tsx";
import { templateTypes } from "./template-type.tsx";

interface Values extends Record<string, unknown> {
	name: string;
	description: string;
	type: Type;
	platforms: string[];
	tags: string[];
	validation_template_id: string | null;
	delete_template_id: string | null;
}

const mostTypes = 500;

/** What is filled in; the source has an editor of its own. */
const Details = NewTemplate.omit({ source: true, settings: true, note: true });

/**
 * Adds a template, also as a copy `from` another, or changes what stands around the source of `template`. Give it another `key` at each
 * opening.
 */
export function TemplateForm({
	template: given,
	from,
	opened,
	onClose,
	onSaved,
}: {
	template?: Template | undefined;
	from?: Template | undefined;
	opened: boolean;
	onClose: () => void;
	onSaved: (template: Template) => void;
}) {
	// What it was when the form was opened: what somebody else changes meanwhile is not undone by saving.
	const [template] = useState(given);
	const base = template ?? from;
	const api = useApi();
	const queries = useQueryClient();
	const mayReadDevices = usePermitted()("devices:read");
	const types = useQuery({
		queryKey: ["device_types", "all"],
		queryFn: ({ signal }) => api.devices.listDeviceTypes({ query: { page_size: mostTypes } }, { signal }),
		enabled: opened && mayReadDevices,
	}).data?.items;
	const form = useContractForm({
		initial: {
			name: template?.name ?? (from === undefined ? "" : `${from.name} copy`.slice(0, 100)),
			description: base?.description ?? "",
			type: base?.type ?? "deploy",
			platforms: base?.platforms ?? [],
			tags: base?.tags ?? [],
			validation_template_id: base?.validation_template_id ?? null,
			delete_template_id: base?.delete_template_id ?? null,
		} as Values,
		schema: Details,
		toBody: ({ validation_template_id, delete_template_id, ...values }) => ({
			...values,
			name: values.name.trim(),
			// Only what is deployed is validated and deleted again.
			validation_template_id: values.type === "deploy" ? validation_template_id : null,
			delete_template_id: values.type === "deploy" ? delete_template_id : null,
		}),
		send: (body) =>
			template === undefined
				? api.config.createTemplate({
						body: { ...body, source: from?.source ?? "", ...(from && { settings: from.settings }) },
					})
				: api.config.updateTemplate({
						params: { id: template.id },
						body: { ...changesOf(body, template), version: template.version },
					}),
		about: { "templates.name_taken": "name" },
		onDone: (saved) => {
			queries.setQueryData(["templates", "one", saved.id], saved);
			void queries.invalidateQueries({ queryKey: ["templates"] });
			toastDone(`The template ${visibleLine(saved.name)} is ${template === undefined ? "added" : "changed"}`);
			onClose();
			onSaved(saved);
		},
	});
	const { type, platforms } = form.form.values;
	const known = new Map((types ?? []).map(({ id, label }) => [id, `${visibleLine(label)} (${id})`]));
	for (const id of platforms) if (!known.has(id)) known.set(id, id);
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={
				template !== undefined
					? `Edit ${visibleLine(template.name)}`
					: from === undefined
						? "Add a template"
						: `Duplicate ${visibleLine(from.name)}`
			}
			action={template === undefined ? "Add template" : "Save"}
			form={form}
		>
			<TextInput
				label="Name"
				description="Other templates include it by this name; slashes make folders"
				withAsterisk
				data-autofocus
				maxLength={100}
				{...form.field("name")}
			/>
			<Select
				label="Type"
				description={templateTypes[type].means}
				allowDeselect={false}
				data={TemplateType.options.map((value) => ({ value, label: templateTypes[value].word }))}
				{...form.field("type")}
			/>
			<Textarea label="Description" autosize minRows={2} maxRows={6} maxLength={2000} {...form.field("description")} />
			{mayReadDevices && (
				<MultiSelect
					label="Device types"
					placeholder={platforms.length === 0 ? "Any" : ""}
					searchable
					clearable
					clearButtonProps={{ "aria-label": "Any device type" }}
					data={[...known].map(([value, label]) => ({ value, label }))}
					{...form.field("platforms")}
				/>
			)}
			<TagsInput label="Tags" placeholder="Enter after each" {...form.field("tags")} />
			{type === "deploy" && (
				<>
					<TemplateSelect
						label="Validation template"
						description="What must stand in the configuration after this was deployed, else the deployment is taken back"
						type="validation"
						{...form.field("validation_template_id")}
					/>
					<TemplateSelect
						label="Delete template"
						description="What takes away again what this deploys"
						type="delete"
						{...form.field("delete_template_id")}
					/>
				</>
			)}
		</FormDrawer>
	);
}

/** What was filled in and is not so already: what somebody else changes meanwhile is not undone. */
function changesOf(body: z.input<typeof Details>, template: Template): Partial<z.input<typeof Details>> {
	return Object.fromEntries(
		Object.entries(body).filter(
			([name, value]) => JSON.stringify(value) !== JSON.stringify(template[name as keyof Template]),
		),
	);
}

function TemplateSelect({
	type,
	...field
}: {
	label: string;
	description: string;
	type: Type;
	value?: string | null;
	onChange?: (id: string | null) => void;
}) {
	const api = useApi();
	const [typed, setTyped] = useState("");
	const { data } = useQuery({
		queryKey: ["templates", "picker", { type, typed }],
		queryFn: ({ signal }) =>
			api.config.listTemplates({ query: { type, q: typed || undefined, page_size: 50 } }, { signal }),
		placeholderData: (before) => before,
	});
	const chosen = useQuery({
		queryKey: ["templates", "one", field.value ?? ""],
		queryFn: ({ signal }) => api.config.getTemplate({ params: { id: field.value ?? "" } }, { signal }),
		enabled: typeof field.value === "string",
	}).data;
	const offered = new Map((data?.items ?? []).map(({ id, name }) => [id, name]));
	if (chosen !== undefined) offered.set(chosen.id, chosen.name);
	const options = [...offered].map(([value, name]) => ({ value, label: visibleLine(name) }));
	const shown = options.find(({ value }) => value === field.value)?.label;
	return (
		<Select
			searchable
			clearable
			clearButtonProps={{ "aria-label": `No ${type} template` }}
			placeholder="None"
			nothingFoundMessage={`No ${type} template of that name`}
			data={options}
			filter={({ options: all }) => all}
			onSearchChange={(text) => setTyped(text === shown ? "" : text)}
			{...field}
		/>
	);
}
