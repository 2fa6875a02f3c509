import { useDebouncedValue } from "@mantine/hooks";
import type { MopFault, MopStepType } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMemo, useRef } from "react";
import { CodeEditor } from "../../../ui/code-editor/code-editor.tsx";
import { type Known, mopCompletion, namesIn } from "./completion.ts";
import { yamlLanguage } from "./yaml-language.ts";

const readAfter_ms = 300;

/** The YAML of a procedure to write: coloured, completed, with what is wrong below its line. */
export function YamlView({
	text,
	onText,
	undo,
	redo,
	faults,
	types,
	readOnly,
	line,
}: {
	text: string;
	onText: (text: string) => void;
	undo: () => void;
	redo: () => void;
	faults: readonly MopFault[];
	types: readonly MopStepType[];
	readOnly: boolean;
	/** Where the cursor is put. */
	line: { number: number } | undefined;
}) {
	const [written] = useDebouncedValue(text, readAfter_ms);
	const read = useMemo(() => namesIn(written), [written]);
	// While it cannot be read, what could be read last is offered.
	const names = useRef(read ?? { variables: [], ids: [] });
	if (read !== undefined) names.current = read;
	const known = useRef<Known>({ types, ...names.current });
	known.current = { types, ...names.current };
	const extensions = useMemo(() => [yamlLanguage, mopCompletion(() => known.current)], []);
	const marks = useMemo(
		() => faults.map(({ line, message, severity }) => ({ line: line ?? 1, message: visibleLine(message), severity })),
		[faults],
	);
	return (
		<CodeEditor
			label="YAML of the procedure"
			text={text}
			onText={onText}
			faults={marks}
			readOnly={readOnly}
			extensions={extensions}
			undo={undo}
			redo={redo}
			line={line}
		/>
	);
}
