import { Textarea, type TextareaProps } from "@mantine/core";

/** Why somebody decides as they do: a few lines, as long as the contracts take. */
export function ReasonField({ label = "Reason", ...rest }: TextareaProps) {
	return <Textarea label={label} autosize minRows={2} maxRows={6} maxLength={1000} {...rest} />;
}
