import { useMemo, useRef } from "react";
import { CodeEditor } from "../../ui/code-editor/code-editor.tsx";
import type { LineFault } from "../../ui/code-editor/fault-marks.ts";
import { jinjaCompletion, type Known } from "./jinja-completion.ts";
import { jinjaLanguage } from "./jinja-language.ts";

/** A template to write: coloured, completed, with what is wrong below its line. */
export function TemplateEditor({
	text,
	onText,
	faults,
	known,
	readOnly,
}: {
	text: string;
	onText: (text: string) => void;
	faults: readonly LineFault[];
	/** What completion offers. */
	known: Known;
	readOnly: boolean;
}) {
	const latest = useRef(known);
	latest.current = known;
	const extensions = useMemo(() => [jinjaLanguage, jinjaCompletion(() => latest.current)], []);
	return (
		<CodeEditor
			label="Source of the template"
			text={text}
			onText={onText}
			faults={faults}
			readOnly={readOnly}
			extensions={extensions}
		/>
	);
}
