import { startApplication } from '../../application/start-application.js'
import { createUsers } from './users.js'

await startApplication('both', createUsers)
