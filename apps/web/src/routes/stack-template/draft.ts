import {
	NewStackTemplate,
	type ParameterType,
	type StackParameter,
	type StackTemplate,
} from "@netconductor/contracts/config/stack-templates";
import type { z } from "zod";
import { draftOf as definitionDraftOf, bodyOf as definitionOf, type Faults, type StackDraft } from "../stack/draft.ts";
import { readScalar, showScalar } from "../template/values.ts";
import { readTyped, showTyped } from "./parameter-values.ts";

/** A parameter as it is filled in. */
export interface ParameterDraft {
	key: string;
	name: string;
	type: ParameterType;
	description: string;
	required: boolean;
	/** Its default, entries of a list line by line. */
	preset: string;
	choices: string[];
	pattern: string;
}

/** A stack template as it is filled in. */
export interface TemplateDraft extends StackDraft {
	parameters: ParameterDraft[];
}

export function draftOf(template: StackTemplate): TemplateDraft {
	return {
		...definitionDraftOf({ ...template, device_variables: {} }),
		parameters: template.parameters.map((parameter, index) => ({
			key: String(index),
			name: parameter.name,
			type: parameter.type,
			description: parameter.description,
			required: parameter.required,
			preset: [showTyped(parameter.type, parameter.default)].flat().join("\n"),
			choices:
				parameter.choices?.flatMap((choice) =>
					parameter.type === "list" ? showScalar(choice) : showTyped(parameter.type, choice),
				) ?? [],
			pattern: parameter.pattern ?? "",
		})),
	};
}

/** What was filled in, as the API takes it, and what is wrong with it. */
export function bodyOf({ parameters: drafts, ...draft }: TemplateDraft): {
	body: z.input<typeof NewStackTemplate>;
	faults: Faults;
} {
	const { body: definition, faults: found } = definitionOf(draft);
	const { device_variables: _, ...rest } = definition;
	const faults: Record<string, string> = { ...found };
	const parameters = drafts.map(({ name, type, description, required, preset, choices, pattern }, index) => {
		const place = `parameters.${index}`;
		const read = (typed: string, as: ParameterType, at: string) => {
			const one = readTyped(as, typed);
			if ("fault" in one) faults[at] = one.fault;
			return "value" in one ? one.value : undefined;
		};
		const value = read(preset, type, `${place}.default`);
		return {
			name,
			type,
			description,
			required,
			...(value !== undefined && { default: value }),
			...(choices.length > 0 && {
				choices: choices.map((choice) =>
					type === "list" ? readScalar(choice) : read(choice, type, `${place}.choices`),
				),
			}),
			...(pattern !== "" && (type === "string" || type === "list") && { pattern }),
		} satisfies z.input<typeof StackParameter>;
	});
	const body = { ...rest, parameters };
	for (const { path, message } of NewStackTemplate.safeParse(body).error?.issues ?? []) {
		faults[path.join(".")] ??= message;
	}
	return { body, faults };
}
