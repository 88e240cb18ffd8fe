/** The same program within the project, whose settings a runtime finds by itself. */
import { follow } from "./consent_client.ts";

follow();
