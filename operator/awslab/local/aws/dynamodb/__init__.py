"""DynamoDB: tables that take their time and hold their promises."""
