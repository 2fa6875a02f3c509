import { PasswordInput, type PasswordInputProps } from "@mantine/core";
import { type KeyboardEvent, type Ref, useState } from "react";

/** A password that is typed; says when Caps Lock is on, which nobody sees behind the dots. */
export function PasswordField({
	ref,
	error,
	...props
}: Omit<PasswordInputProps, "onKeyDown" | "onKeyUp" | "onBlur"> & { ref?: Ref<HTMLInputElement> }) {
	const [capsLock, setCapsLock] = useState(false);
	const look = (event: KeyboardEvent) => setCapsLock(event.getModifierState("CapsLock"));
	return (
		<div>
			<PasswordInput
				{...props}
				ref={ref ?? null}
				maxLength={256}
				error={error}
				onKeyDown={look}
				onKeyUp={look}
				onBlur={() => setCapsLock(false)}
			/>
			<div aria-live="polite" className="nc-small nc-warn">
				{capsLock && "Caps Lock is on"}
			</div>
		</div>
	);
}
