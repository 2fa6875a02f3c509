import { Drawer } from "@mantine/core";
import { useState } from "react";
import { FactorSteps } from "./factor-steps.tsx";

/** Adds an authenticator app, for who wants one. */
export function AddFactor({ onClose }: { onClose: () => void }) {
	const [shown, setShown] = useState(false);
	return (
		<Drawer
			opened
			onClose={onClose}
			title="Add an authenticator app"
			position="right"
			size={520}
			closeOnClickOutside={!shown}
		>
			<FactorSteps onLeave={onClose} onCodes={() => setShown(true)} onDone={onClose} />
		</Drawer>
	);
}
