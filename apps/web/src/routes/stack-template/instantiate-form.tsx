import { Text, Textarea, TextInput } from "@mantine/core";
import { InstantiateStackTemplate, type StackTemplate } from "@netconductor/contracts/config/stack-templates";
import type { Stack } from "@netconductor/contracts/config/stacks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { toastDone } from "../../ui/toast.tsx";
import { ParameterInputs } from "./parameter-inputs.tsx";
import { useValues } from "./use-values.ts";

/** Makes a stack of the template. Give it another `key` at each opening. */
export function InstantiateForm({
	template,
	opened,
	onClose,
	onMade,
}: {
	template: StackTemplate;
	opened: boolean;
	onClose: () => void;
	onMade: (stack: Stack) => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const { typed, values, faults, wrong, onValues, refuse } = useValues(template.parameters);
	const form = useContractForm({
		initial: { name: "", description: "", parameters: "" },
		schema: InstantiateStackTemplate,
		toBody: ({ name, description }) => ({
			name: name.trim(),
			...(description !== "" && { description }),
			parameters: values,
		}),
		send: async (body) => {
			if (wrong) throw new Error("What is filled in cannot be read yet: see the fields below.");
			try {
				return await api.config.instantiateStackTemplate({ params: { id: template.id }, body });
			} catch (error) {
				refuse(error);
				throw error;
			}
		},
		about: { "stacks.name_taken": "name" },
		onDone: (stack) => {
			queries.setQueryData(["stacks", "one", stack.id], stack);
			void queries.invalidateQueries({ queryKey: ["stacks"] });
			toastDone(`The stack ${visibleLine(stack.name)} is added`);
			onClose();
			onMade(stack);
		},
	});
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={`Make a stack of ${visibleLine(template.name)}`}
			action="Make the stack"
			form={form}
		>
			<Text size="sm">Nothing is deployed: the stack can be looked at and changed first.</Text>
			<TextInput
				label="Name of the stack"
				required
				maxLength={100}
				autoComplete="off"
				data-autofocus
				{...form.field("name")}
			/>
			<ParameterInputs parameters={template.parameters} values={typed} faults={faults} onValues={onValues} />
			<Textarea
				label="Description"
				description="Empty: the template's"
				autosize
				minRows={2}
				maxRows={6}
				maxLength={2000}
				{...form.field("description")}
			/>
		</FormDrawer>
	);
}
