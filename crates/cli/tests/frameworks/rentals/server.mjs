// RentDesk API: a stateful in-memory server of api.yaml.   PORT=0 DEFECT=name VARIANT=name node server.mjs
import http from 'node:http';
import crypto from 'node:crypto';
import zlib from 'node:zlib';

const DEFECT = process.env.DEFECT || '';
const VARIANT = process.env.VARIANT || '';
const D = n => DEFECT === n;
const V = n => VARIANT === n;
const BASE = '/v1';

/*SCHEMAS-BEGIN*/
const S = {
 "Error": {
  "type": "object",
  "required": [
   "code",
   "message",
   "details"
  ],
  "properties": {
   "code": {
    "type": "string",
    "description": "Machine-readable code.",
    "enum": [
     "bad_request",
     "unauthorized",
     "not_found",
     "conflict",
     "payload_too_large",
     "validation_failed",
     "rate_limited"
    ]
   },
   "message": {
    "type": "string",
    "minLength": 1
   },
   "details": {
    "type": "array",
    "description": "The faults found; empty if there is nothing to tell.",
    "items": {
     "type": "object",
     "required": [
      "field",
      "issue"
     ],
     "properties": {
      "field": {
       "type": "string",
       "example": "contacts.0.email"
      },
      "issue": {
       "type": "string"
      }
     }
    }
   }
  }
 },
 "Health": {
  "type": "object",
  "required": [
   "status",
   "version"
  ],
  "properties": {
   "status": {
    "type": "string",
    "enum": [
     "ok",
     "degraded"
    ]
   },
   "version": {
    "type": "string",
    "pattern": "^\\d+\\.\\d+\\.\\d+$"
   }
  }
 },
 "Address": {
  "type": "object",
  "nullable": true,
  "additionalProperties": false,
  "required": [
   "line1",
   "postalCode",
   "city",
   "country"
  ],
  "properties": {
   "line1": {
    "type": "string",
    "minLength": 1,
    "maxLength": 100
   },
   "line2": {
    "type": "string",
    "nullable": true,
    "maxLength": 100
   },
   "postalCode": {
    "type": "string",
    "pattern": "^[A-Z0-9 -]{3,10}$"
   },
   "city": {
    "type": "string",
    "minLength": 1,
    "maxLength": 60
   },
   "country": {
    "type": "string",
    "description": "ISO 3166-1 alpha-2 code.",
    "pattern": "^[A-Z]{2}$"
   }
  }
 },
 "CustomerType": {
  "type": "string",
  "enum": [
   "person",
   "company",
   "public_body"
  ]
 },
 "CustomerName": {
  "type": "string",
  "minLength": 1,
  "maxLength": 120
 },
 "Email": {
  "type": "string",
  "format": "email",
  "maxLength": 254
 },
 "Phone": {
  "type": "string",
  "nullable": true,
  "description": "E.164",
  "pattern": "^\\+[0-9]{7,15}$"
 },
 "Website": {
  "type": "string",
  "nullable": true,
  "format": "uri",
  "maxLength": 300
 },
 "Tags": {
  "type": "array",
  "maxItems": 10,
  "uniqueItems": true,
  "default": [],
  "items": {
   "type": "string",
   "minLength": 1,
   "maxLength": 30
  }
 },
 "Contact": {
  "type": "object",
  "additionalProperties": false,
  "required": [
   "name",
   "email"
  ],
  "properties": {
   "name": {
    "type": "string",
    "minLength": 1,
    "maxLength": 80
   },
   "email": {
    "$ref": "#/components/schemas/Email"
   },
   "role": {
    "type": "string",
    "enum": [
     "billing",
     "site",
     "other"
    ],
    "default": "other"
   },
   "primary": {
    "type": "boolean",
    "default": false
   }
  }
 },
 "Contacts": {
  "type": "array",
  "maxItems": 5,
  "default": [],
  "items": {
   "$ref": "#/components/schemas/Contact"
  }
 },
 "CreditLimit": {
  "type": "number",
  "minimum": 0,
  "maximum": 100000,
  "multipleOf": 0.01,
  "default": 0
 },
 "DiscountPercent": {
  "type": "integer",
  "minimum": 0,
  "maximum": 50,
  "default": 0
 },
 "CustomerInput": {
  "type": "object",
  "additionalProperties": false,
  "required": [
   "type",
   "name",
   "email"
  ],
  "properties": {
   "type": {
    "$ref": "#/components/schemas/CustomerType"
   },
   "name": {
    "$ref": "#/components/schemas/CustomerName"
   },
   "email": {
    "$ref": "#/components/schemas/Email"
   },
   "phone": {
    "$ref": "#/components/schemas/Phone"
   },
   "website": {
    "$ref": "#/components/schemas/Website"
   },
   "creditLimit": {
    "$ref": "#/components/schemas/CreditLimit"
   },
   "discountPercent": {
    "$ref": "#/components/schemas/DiscountPercent"
   },
   "active": {
    "type": "boolean",
    "default": true
   },
   "tags": {
    "$ref": "#/components/schemas/Tags"
   },
   "address": {
    "$ref": "#/components/schemas/Address"
   },
   "contacts": {
    "$ref": "#/components/schemas/Contacts"
   }
  }
 },
 "CustomerPatch": {
  "type": "object",
  "additionalProperties": false,
  "minProperties": 1,
  "properties": {
   "type": {
    "$ref": "#/components/schemas/CustomerType"
   },
   "name": {
    "$ref": "#/components/schemas/CustomerName"
   },
   "email": {
    "$ref": "#/components/schemas/Email"
   },
   "phone": {
    "$ref": "#/components/schemas/Phone"
   },
   "website": {
    "$ref": "#/components/schemas/Website"
   },
   "creditLimit": {
    "$ref": "#/components/schemas/CreditLimit"
   },
   "discountPercent": {
    "$ref": "#/components/schemas/DiscountPercent"
   },
   "active": {
    "type": "boolean"
   },
   "tags": {
    "$ref": "#/components/schemas/Tags"
   },
   "address": {
    "$ref": "#/components/schemas/Address"
   },
   "contacts": {
    "$ref": "#/components/schemas/Contacts"
   }
  }
 },
 "Customer": {
  "type": "object",
  "required": [
   "id",
   "type",
   "name",
   "email",
   "creditLimit",
   "discountPercent",
   "active",
   "tags",
   "contacts",
   "rentalCount",
   "createdAt",
   "updatedAt"
  ],
  "properties": {
   "id": {
    "type": "string",
    "readOnly": true,
    "pattern": "^cus_[A-Za-z0-9]{8,40}$"
   },
   "type": {
    "$ref": "#/components/schemas/CustomerType"
   },
   "name": {
    "$ref": "#/components/schemas/CustomerName"
   },
   "email": {
    "$ref": "#/components/schemas/Email"
   },
   "phone": {
    "$ref": "#/components/schemas/Phone"
   },
   "website": {
    "$ref": "#/components/schemas/Website"
   },
   "creditLimit": {
    "$ref": "#/components/schemas/CreditLimit"
   },
   "discountPercent": {
    "$ref": "#/components/schemas/DiscountPercent"
   },
   "active": {
    "type": "boolean"
   },
   "tags": {
    "$ref": "#/components/schemas/Tags"
   },
   "address": {
    "$ref": "#/components/schemas/Address"
   },
   "contacts": {
    "$ref": "#/components/schemas/Contacts"
   },
   "rentalCount": {
    "type": "integer",
    "minimum": 0,
    "readOnly": true,
    "description": "Number of rentals of the customer, whatever their status."
   },
   "createdAt": {
    "type": "string",
    "format": "date-time",
    "readOnly": true
   },
   "updatedAt": {
    "type": "string",
    "format": "date-time",
    "readOnly": true
   }
  }
 },
 "CustomerPage": {
  "type": "object",
  "required": [
   "items",
   "nextCursor"
  ],
  "properties": {
   "items": {
    "type": "array",
    "items": {
     "$ref": "#/components/schemas/Customer"
    }
   },
   "nextCursor": {
    "type": "string",
    "nullable": true
   }
  }
 },
 "EquipmentCategory": {
  "type": "string",
  "enum": [
   "lifting",
   "earthmoving",
   "power",
   "power_tools",
   "access"
  ]
 },
 "Equipment": {
  "type": "object",
  "description": "Unknown members of a request are ignored.",
  "required": [
   "id",
   "sku",
   "name",
   "category",
   "dailyRate",
   "maintenanceCount",
   "createdAt",
   "updatedAt"
  ],
  "properties": {
   "id": {
    "type": "integer",
    "format": "int64",
    "minimum": 1,
    "readOnly": true
   },
   "sku": {
    "type": "string",
    "pattern": "^[A-Z]{3}-[0-9]{4}$",
    "example": "EXC-1001"
   },
   "name": {
    "type": "string",
    "minLength": 2,
    "maxLength": 80
   },
   "description": {
    "type": "string",
    "nullable": true,
    "maxLength": 500
   },
   "category": {
    "$ref": "#/components/schemas/EquipmentCategory"
   },
   "dailyRate": {
    "type": "number",
    "minimum": 0,
    "exclusiveMinimum": true,
    "maximum": 10000,
    "multipleOf": 0.01
   },
   "quantity": {
    "type": "integer",
    "minimum": 1,
    "maximum": 999,
    "default": 1
   },
   "available": {
    "type": "boolean",
    "default": true
   },
   "weightKg": {
    "type": "number",
    "nullable": true,
    "minimum": 0,
    "maximum": 100000
   },
   "purchasedOn": {
    "type": "string",
    "format": "date",
    "nullable": true
   },
   "manualUrl": {
    "type": "string",
    "format": "uri",
    "nullable": true,
    "maxLength": 300
   },
   "locationId": {
    "type": "string",
    "nullable": true,
    "description": "The location at which it is kept."
   },
   "specs": {
    "type": "array",
    "maxItems": 20,
    "default": [],
    "items": {
     "type": "object",
     "required": [
      "key",
      "value"
     ],
     "properties": {
      "key": {
       "type": "string",
       "minLength": 1,
       "maxLength": 40
      },
      "value": {
       "type": "string",
       "maxLength": 100
      },
      "unit": {
       "type": "string",
       "nullable": true,
       "maxLength": 10
      }
     }
    }
   },
   "dimensions": {
    "type": "object",
    "nullable": true,
    "required": [
     "lengthCm",
     "widthCm",
     "heightCm"
    ],
    "properties": {
     "lengthCm": {
      "type": "integer",
      "minimum": 1,
      "maximum": 5000
     },
     "widthCm": {
      "type": "integer",
      "minimum": 1,
      "maximum": 5000
     },
     "heightCm": {
      "type": "integer",
      "minimum": 1,
      "maximum": 5000
     }
    }
   },
   "maintenanceCount": {
    "type": "integer",
    "minimum": 0,
    "readOnly": true,
    "description": "Number of maintenance records."
   },
   "createdAt": {
    "type": "string",
    "format": "date-time",
    "readOnly": true
   },
   "updatedAt": {
    "type": "string",
    "format": "date-time",
    "readOnly": true
   }
  }
 },
 "EquipmentPage": {
  "type": "object",
  "required": [
   "items",
   "page",
   "perPage",
   "total"
  ],
  "properties": {
   "items": {
    "type": "array",
    "items": {
     "$ref": "#/components/schemas/Equipment"
    }
   },
   "page": {
    "type": "integer",
    "description": "The number of this page."
   },
   "perPage": {
    "type": "integer",
    "description": "The page size asked for."
   },
   "total": {
    "type": "integer",
    "minimum": 0
   }
  }
 },
 "MaintenanceKind": {
  "type": "string",
  "enum": [
   "inspection",
   "repair",
   "cleaning"
  ]
 },
 "Parts": {
  "type": "array",
  "maxItems": 10,
  "default": [],
  "items": {
   "type": "object",
   "required": [
    "partNumber",
    "quantity"
   ],
   "additionalProperties": false,
   "properties": {
    "partNumber": {
     "type": "string",
     "pattern": "^[A-Z]{2}-[0-9]{5}$"
    },
    "quantity": {
     "type": "integer",
     "minimum": 1,
     "maximum": 100
    }
   }
  }
 },
 "MaintenanceRecord": {
  "type": "object",
  "required": [
   "id",
   "equipmentId",
   "kind",
   "performedAt",
   "technician",
   "createdAt",
   "updatedAt"
  ],
  "properties": {
   "id": {
    "type": "string",
    "format": "uuid",
    "readOnly": true
   },
   "equipmentId": {
    "type": "integer",
    "format": "int64",
    "readOnly": true
   },
   "kind": {
    "$ref": "#/components/schemas/MaintenanceKind"
   },
   "performedAt": {
    "type": "string",
    "format": "date-time"
   },
   "technician": {
    "type": "string",
    "minLength": 1,
    "maxLength": 60
   },
   "cost": {
    "type": "number",
    "nullable": true,
    "minimum": 0,
    "multipleOf": 0.01
   },
   "passed": {
    "type": "boolean",
    "default": true
   },
   "parts": {
    "$ref": "#/components/schemas/Parts"
   },
   "notes": {
    "type": "string",
    "nullable": true,
    "maxLength": 1000
   },
   "createdAt": {
    "type": "string",
    "format": "date-time",
    "readOnly": true
   },
   "updatedAt": {
    "type": "string",
    "format": "date-time",
    "readOnly": true
   }
  }
 },
 "MaintenancePatch": {
  "type": "object",
  "properties": {
   "kind": {
    "$ref": "#/components/schemas/MaintenanceKind"
   },
   "performedAt": {
    "type": "string",
    "format": "date-time"
   },
   "technician": {
    "type": "string",
    "minLength": 1,
    "maxLength": 60
   },
   "cost": {
    "type": "number",
    "nullable": true,
    "minimum": 0,
    "multipleOf": 0.01
   },
   "passed": {
    "type": "boolean"
   },
   "parts": {
    "$ref": "#/components/schemas/Parts"
   },
   "notes": {
    "type": "string",
    "nullable": true,
    "maxLength": 1000
   }
  }
 },
 "MaintenancePage": {
  "type": "object",
  "required": [
   "items",
   "nextCursor"
  ],
  "properties": {
   "items": {
    "type": "array",
    "items": {
     "$ref": "#/components/schemas/MaintenanceRecord"
    }
   },
   "nextCursor": {
    "type": "string",
    "nullable": true
   }
  }
 },
 "RentalStatus": {
  "type": "string",
  "enum": [
   "draft",
   "approved",
   "cancelled"
  ]
 },
 "RentalItem": {
  "type": "object",
  "required": [
   "equipmentId",
   "quantity",
   "dailyRate",
   "lineTotal"
  ],
  "properties": {
   "equipmentId": {
    "type": "integer",
    "format": "int64",
    "minimum": 1
   },
   "quantity": {
    "type": "integer",
    "minimum": 1,
    "maximum": 99
   },
   "note": {
    "type": "string",
    "nullable": true,
    "maxLength": 100
   },
   "dailyRate": {
    "type": "number",
    "readOnly": true,
    "description": "Daily rate of the equipment when the item was last computed."
   },
   "lineTotal": {
    "type": "number",
    "readOnly": true,
    "description": "`quantity` × `dailyRate` × `days` of the rental."
   }
  }
 },
 "RentalItems": {
  "type": "array",
  "minItems": 1,
  "maxItems": 20,
  "items": {
   "$ref": "#/components/schemas/RentalItem"
  }
 },
 "PurchaseOrder": {
  "type": "string",
  "nullable": true,
  "pattern": "^PO-[0-9]{4,8}$"
 },
 "Priority": {
  "type": "string",
  "enum": [
   "low",
   "normal",
   "high"
  ],
  "default": "normal"
 },
 "RentalInput": {
  "type": "object",
  "additionalProperties": false,
  "required": [
   "customerId",
   "items",
   "startDate",
   "endDate"
  ],
  "properties": {
   "customerId": {
    "type": "string"
   },
   "items": {
    "$ref": "#/components/schemas/RentalItems"
   },
   "startDate": {
    "type": "string",
    "format": "date"
   },
   "endDate": {
    "type": "string",
    "format": "date"
   },
   "priority": {
    "$ref": "#/components/schemas/Priority"
   },
   "insured": {
    "type": "boolean",
    "default": false
   },
   "purchaseOrder": {
    "$ref": "#/components/schemas/PurchaseOrder"
   },
   "deliveryAddress": {
    "$ref": "#/components/schemas/Address"
   },
   "notes": {
    "type": "string",
    "nullable": true,
    "maxLength": 1000
   }
  }
 },
 "RentalPatch": {
  "type": "object",
  "additionalProperties": false,
  "properties": {
   "customerId": {
    "type": "string"
   },
   "items": {
    "$ref": "#/components/schemas/RentalItems"
   },
   "startDate": {
    "type": "string",
    "format": "date"
   },
   "endDate": {
    "type": "string",
    "format": "date"
   },
   "priority": {
    "$ref": "#/components/schemas/Priority"
   },
   "insured": {
    "type": "boolean"
   },
   "purchaseOrder": {
    "$ref": "#/components/schemas/PurchaseOrder"
   },
   "deliveryAddress": {
    "$ref": "#/components/schemas/Address"
   },
   "notes": {
    "type": "string",
    "nullable": true,
    "maxLength": 1000
   }
  }
 },
 "Rental": {
  "type": "object",
  "required": [
   "id",
   "number",
   "status",
   "customerId",
   "items",
   "startDate",
   "endDate",
   "priority",
   "insured",
   "days",
   "total",
   "createdAt",
   "updatedAt"
  ],
  "properties": {
   "id": {
    "type": "string",
    "format": "uuid",
    "readOnly": true
   },
   "number": {
    "type": "string",
    "readOnly": true,
    "description": "Number for people, unique in the workspace.",
    "pattern": "^R-[0-9]{6}$"
   },
   "status": {
    "allOf": [
     {
      "$ref": "#/components/schemas/RentalStatus"
     }
    ],
    "readOnly": true
   },
   "customerId": {
    "type": "string"
   },
   "items": {
    "$ref": "#/components/schemas/RentalItems"
   },
   "startDate": {
    "type": "string",
    "format": "date"
   },
   "endDate": {
    "type": "string",
    "format": "date"
   },
   "priority": {
    "$ref": "#/components/schemas/Priority"
   },
   "insured": {
    "type": "boolean"
   },
   "purchaseOrder": {
    "$ref": "#/components/schemas/PurchaseOrder"
   },
   "deliveryAddress": {
    "$ref": "#/components/schemas/Address"
   },
   "notes": {
    "type": "string",
    "nullable": true,
    "maxLength": 1000
   },
   "days": {
    "type": "integer",
    "minimum": 1,
    "readOnly": true,
    "description": "Number of days from `startDate` to `endDate`, both included."
   },
   "total": {
    "type": "number",
    "readOnly": true,
    "description": "Sum of the `lineTotal` of the items."
   },
   "approvedAt": {
    "type": "string",
    "format": "date-time",
    "nullable": true,
    "readOnly": true
   },
   "cancelReason": {
    "type": "string",
    "nullable": true,
    "readOnly": true
   },
   "createdAt": {
    "type": "string",
    "format": "date-time",
    "readOnly": true
   },
   "updatedAt": {
    "type": "string",
    "format": "date-time",
    "readOnly": true
   }
  }
 },
 "RentalPage": {
  "type": "object",
  "required": [
   "items",
   "nextCursor"
  ],
  "properties": {
   "items": {
    "type": "array",
    "items": {
     "$ref": "#/components/schemas/Rental"
    }
   },
   "nextCursor": {
    "type": "string",
    "nullable": true
   }
  }
 },
 "Cancellation": {
  "type": "object",
  "additionalProperties": false,
  "required": [
   "reason"
  ],
  "properties": {
   "reason": {
    "type": "string",
    "minLength": 3,
    "maxLength": 200,
    "example": "Customer postponed the job"
   }
  }
 },
 "OpeningHours": {
  "type": "object",
  "additionalProperties": false,
  "required": [
   "day",
   "opens",
   "closes"
  ],
  "properties": {
   "day": {
    "type": "string",
    "enum": [
     "mon",
     "tue",
     "wed",
     "thu",
     "fri",
     "sat",
     "sun"
    ]
   },
   "opens": {
    "type": "string",
    "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"
   },
   "closes": {
    "type": "string",
    "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"
   }
  }
 },
 "LocationInput": {
  "type": "object",
  "required": [
   "code",
   "name",
   "country"
  ],
  "properties": {
   "code": {
    "type": "string",
    "pattern": "^[A-Z]{3}[0-9]{2}$"
   },
   "name": {
    "type": "string",
    "minLength": 1,
    "maxLength": 60
   },
   "country": {
    "type": "string",
    "pattern": "^[A-Z]{2}$"
   },
   "email": {
    "type": "string",
    "format": "email",
    "nullable": true
   },
   "capacity": {
    "type": "integer",
    "minimum": 0,
    "maximum": 10000,
    "default": 100
   },
   "active": {
    "type": "boolean",
    "default": true
   },
   "openingHours": {
    "type": "array",
    "maxItems": 14,
    "default": [],
    "items": {
     "$ref": "#/components/schemas/OpeningHours"
    }
   },
   "geo": {
    "type": "object",
    "nullable": true,
    "required": [
     "lat",
     "lng"
    ],
    "properties": {
     "lat": {
      "type": "number",
      "minimum": -90,
      "maximum": 90
     },
     "lng": {
      "type": "number",
      "minimum": -180,
      "maximum": 180
     }
    }
   }
  }
 },
 "Location": {
  "allOf": [
   {
    "$ref": "#/components/schemas/LocationInput"
   },
   {
    "type": "object",
    "required": [
     "id",
     "capacity",
     "active",
     "openingHours",
     "createdAt",
     "updatedAt"
    ],
    "properties": {
     "id": {
      "type": "string",
      "readOnly": true,
      "example": "loc_7h2k9"
     },
     "createdAt": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     },
     "updatedAt": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     }
    }
   }
  ]
 },
 "LocationPage": {
  "type": "object",
  "required": [
   "items",
   "page",
   "perPage",
   "total"
  ],
  "properties": {
   "items": {
    "type": "array",
    "items": {
     "$ref": "#/components/schemas/Location"
    }
   },
   "page": {
    "type": "integer",
    "description": "The number of this page."
   },
   "perPage": {
    "type": "integer",
    "description": "The page size asked for."
   },
   "total": {
    "type": "integer",
    "minimum": 0
   }
  }
 },
 "Notifications": {
  "type": "object",
  "additionalProperties": false,
  "required": [
   "email",
   "sms"
  ],
  "properties": {
   "email": {
    "type": "boolean"
   },
   "sms": {
    "type": "boolean"
   },
   "recipients": {
    "type": "array",
    "maxItems": 10,
    "default": [],
    "items": {
     "type": "string",
     "format": "email"
    }
   }
  }
 },
 "ReminderDays": {
  "type": "array",
  "description": "Days after which a reminder is sent.",
  "maxItems": 5,
  "uniqueItems": true,
  "default": [],
  "items": {
   "type": "integer",
   "minimum": 1,
   "maximum": 60
  }
 },
 "Currency": {
  "type": "string",
  "enum": [
   "EUR",
   "USD",
   "GBP",
   "CHF"
  ]
 },
 "SettingsInput": {
  "type": "object",
  "additionalProperties": false,
  "required": [
   "currency",
   "taxRate",
   "invoicePrefix",
   "notifications"
  ],
  "properties": {
   "currency": {
    "$ref": "#/components/schemas/Currency"
   },
   "taxRate": {
    "type": "number",
    "minimum": 0,
    "maximum": 30
   },
   "invoicePrefix": {
    "type": "string",
    "pattern": "^[A-Z]{2,5}$"
   },
   "reminderDays": {
    "$ref": "#/components/schemas/ReminderDays"
   },
   "notifications": {
    "$ref": "#/components/schemas/Notifications"
   },
   "termsUrl": {
    "type": "string",
    "format": "uri",
    "nullable": true
   }
  }
 },
 "SettingsPatch": {
  "type": "object",
  "additionalProperties": false,
  "properties": {
   "currency": {
    "$ref": "#/components/schemas/Currency"
   },
   "taxRate": {
    "type": "number",
    "minimum": 0,
    "maximum": 30
   },
   "invoicePrefix": {
    "type": "string",
    "pattern": "^[A-Z]{2,5}$"
   },
   "reminderDays": {
    "$ref": "#/components/schemas/ReminderDays"
   },
   "notifications": {
    "$ref": "#/components/schemas/Notifications"
   },
   "termsUrl": {
    "type": "string",
    "format": "uri",
    "nullable": true
   }
  }
 },
 "Settings": {
  "type": "object",
  "required": [
   "currency",
   "taxRate",
   "invoicePrefix",
   "reminderDays",
   "notifications",
   "updatedAt"
  ],
  "properties": {
   "currency": {
    "$ref": "#/components/schemas/Currency"
   },
   "taxRate": {
    "type": "number",
    "minimum": 0,
    "maximum": 30
   },
   "invoicePrefix": {
    "type": "string",
    "pattern": "^[A-Z]{2,5}$"
   },
   "reminderDays": {
    "$ref": "#/components/schemas/ReminderDays"
   },
   "notifications": {
    "$ref": "#/components/schemas/Notifications"
   },
   "termsUrl": {
    "type": "string",
    "format": "uri",
    "nullable": true
   },
   "updatedAt": {
    "type": "string",
    "format": "date-time",
    "readOnly": true
   }
  }
 }
};
/*SCHEMAS-END*/

// ------------------------------------------------------------------ defects of the schemas in use
const CI = S.CustomerInput.properties, CP = S.CustomerPatch.properties, EQ = S.Equipment.properties,
  LI = S.LocationInput.properties, MR = S.MaintenanceRecord.properties, RI = S.RentalInput.properties,
  RP = S.RentalPatch.properties, SI = S.SettingsInput.properties, SP = S.SettingsPatch.properties;
if (D('customer-name-max-off-by-one')) S.CustomerName.maxLength = 121;
if (D('customer-name-empty-accepted')) S.CustomerName.minLength = 0;
if (D('customer-name-max-rejected')) S.CustomerName.maxLength = 119;
if (D('customer-name-null-accepted')) S.CustomerName.nullable = true;
if (D('customer-type-unchecked')) delete S.CustomerType.enum;
if (D('customer-type-public-body-rejected')) S.CustomerType.enum = ['person', 'company'];
if (D('customer-email-format-unchecked')) delete S.Email.format;
if (D('customer-email-maxlength-unchecked')) delete S.Email.maxLength;
if (D('customer-phone-pattern-unchecked')) delete S.Phone.pattern;
if (D('customer-phone-pattern-no-end')) S.Phone.pattern = '^\\+[0-9]{7,15}';
if (D('customer-phone-null-rejected')) S.Phone.nullable = false;
if (D('customer-website-format-unchecked')) delete S.Website.format;
if (D('customer-website-https-only')) S.Website.pattern = '^https://';
if (D('customer-discount-max-off-by-one')) S.DiscountPercent.maximum = 51;
if (D('customer-discount-max-rejected')) S.DiscountPercent.maximum = 49;
if (D('customer-discount-negative-accepted')) delete S.DiscountPercent.minimum;
if (D('customer-discount-fraction-accepted')) S.DiscountPercent.type = 'number';
if (D('customer-creditlimit-max-unchecked')) delete S.CreditLimit.maximum;
if (D('customer-creditlimit-third-decimal-accepted')) delete S.CreditLimit.multipleOf;
if (D('customer-creditlimit-decimals-rejected')) S.CreditLimit.type = 'integer';
if (D('customer-tags-duplicates-accepted')) S.Tags.uniqueItems = false;
if (D('customer-tags-max-off-by-one')) S.Tags.maxItems = 11;
if (D('customer-tags-max-rejected')) S.Tags.maxItems = 9;
if (D('customer-tags-items-unvalidated')) S.Tags.items = {};
if (D('customer-address-null-rejected')) S.Address.nullable = false;
if (D('customer-address-country-unchecked')) delete S.Address.properties.country.pattern;
if (D('customer-address-city-not-required')) S.Address.required = ['line1', 'postalCode', 'country'];
if (D('customer-address-extra-accepted')) delete S.Address.additionalProperties;
if (D('customer-address-unvalidated')) S.Address = { type: 'object', nullable: true };
if (D('customer-contact-email-unchecked')) S.Contact.properties.email = { type: 'string' };
if (D('customer-contact-role-unchecked')) delete S.Contact.properties.role.enum;
if (D('customer-contacts-only-first-validated')) S.Contacts['x-first-only'] = true;
if (D('customer-contacts-max-unchecked')) delete S.Contacts.maxItems;
if (D('customer-extra-member-accepted')) S.CustomerInput.additionalProperties = true;
if (D('customer-email-not-required')) S.CustomerInput.required = ['type', 'name'];
if (D('customer-active-text-coerced')) { CI.active = { ...CI.active, 'x-coerce': true }; }
if (D('customer-default-active-false')) CI.active.default = false;
if (D('customer-contact-default-role-billing')) S.Contact.properties.role.default = 'billing';
if (D('customer-patch-empty-accepted')) delete S.CustomerPatch.minProperties;
if (D('customer-patch-discount-unchecked')) CP.discountPercent = { type: 'integer' };
if (D('customer-patch-name-null-accepted')) CP.name = { ...S.CustomerName, nullable: true };
if (D('customer-patch-extra-accepted')) S.CustomerPatch.additionalProperties = true;
if (D('equipment-name-min-off-by-one')) EQ.name.minLength = 1;
if (D('equipment-name-ascii-only')) EQ.name.pattern = '^[\\x20-\\x7e]*$';
if (D('equipment-name-length-in-bytes')) EQ.name['x-bytes'] = true;
if (D('equipment-sku-pattern-no-start')) EQ.sku.pattern = '[A-Z]{3}-[0-9]{4}$';
if (D('equipment-sku-lowercase-accepted')) EQ.sku.pattern = '^[A-Za-z]{3}-[0-9]{4}$';
if (D('equipment-rate-zero-accepted')) EQ.dailyRate.exclusiveMinimum = false;
if (D('equipment-rate-text-coerced')) EQ.dailyRate['x-coerce'] = true;
if (D('equipment-rate-max-rejected')) EQ.dailyRate.maximum = 9999.99;
if (D('equipment-quantity-zero-accepted')) EQ.quantity.minimum = 0;
if (D('equipment-quantity-max-rejected')) EQ.quantity.maximum = 998;
if (D('equipment-quantity-max-off-by-one')) EQ.quantity.maximum = 1000;
if (D('equipment-description-required')) S.Equipment.required.push('description');
if (D('equipment-description-max-255')) EQ.description.maxLength = 255;
if (D('equipment-category-power-tools-rejected')) S.EquipmentCategory.enum = ['lifting', 'earthmoving', 'power', 'access'];
if (D('equipment-purchasedon-impossible-day-accepted')) EQ.purchasedOn = { type: 'string', nullable: true, pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$' };
if (D('equipment-purchasedon-leap-day-rejected')) EQ.purchasedOn.pattern = '^\\d{4}-(?!02-29)';
if (D('equipment-weight-null-rejected')) EQ.weightKg.nullable = false;
if (D('equipment-weight-negative-accepted')) delete EQ.weightKg.minimum;
if (D('equipment-specs-items-unvalidated')) EQ.specs.items = { type: 'object' };
if (D('equipment-specs-max-unchecked')) delete EQ.specs.maxItems;
if (D('equipment-dimensions-partial-accepted')) delete EQ.dimensions.required;
if (D('equipment-dimensions-max-unchecked')) for (const k of Object.keys(EQ.dimensions.properties)) delete EQ.dimensions.properties[k].maximum;
if (D('equipment-default-quantity-missing')) delete EQ.quantity.default;
if (D('maintenance-performedat-date-only-accepted')) MR.performedAt['x-date-ok'] = true;
if (D('maintenance-performedat-offset-rejected')) MR.performedAt.pattern = 'Z$';
if (D('maintenance-kind-unchecked')) delete S.MaintenanceKind.enum;
if (D('maintenance-parts-partnumber-unchecked')) delete S.Parts.items.properties.partNumber.pattern;
if (D('maintenance-parts-extra-accepted')) delete S.Parts.items.additionalProperties;
if (D('maintenance-cost-null-rejected')) MR.cost.nullable = false;
if (D('maintenance-technician-not-required')) S.MaintenanceRecord.required = S.MaintenanceRecord.required.filter(x => x !== 'technician');
if (D('maintenance-patch-technician-empty-accepted')) S.MaintenancePatch.properties.technician.minLength = 0;
if (D('rental-items-empty-accepted')) S.RentalItems.minItems = 0;
if (D('rental-item-quantity-zero-accepted')) S.RentalItem.properties.quantity.minimum = 0;
if (D('rental-item-quantity-max-unchecked')) delete S.RentalItem.properties.quantity.maximum;
if (D('rental-item-quantity-not-required')) S.RentalItem.required = ['equipmentId'];
if (D('rental-extra-member-accepted')) S.RentalInput.additionalProperties = true;
if (D('rental-priority-unchecked')) delete S.Priority.enum;
if (D('rental-priority-default-low')) S.Priority.default = 'low';
if (D('rental-purchaseorder-pattern-no-end')) S.PurchaseOrder.pattern = '^PO-[0-9]{4,8}';
if (D('rental-purchaseorder-eight-digits-rejected')) S.PurchaseOrder.pattern = '^PO-[0-9]{4,7}$';
if (D('rental-insured-null-accepted')) RI.insured.nullable = true;
if (D('rental-notes-null-rejected')) { RI.notes.nullable = false; RP.notes.nullable = false; }
if (D('rental-patch-status-accepted')) RP.status = { $ref: '#/components/schemas/RentalStatus' };
if (D('rental-patch-requires-items')) S.RentalPatch.required = ['items'];
if (D('rental-cancel-reason-not-required')) S.Cancellation.required = [];
if (D('rental-cancel-reason-min-unchecked')) delete S.Cancellation.properties.reason.minLength;
if (D('location-code-lowercase-accepted')) LI.code.pattern = '^[A-Za-z]{3}[0-9]{2}$';
if (D('location-geo-lat-unchecked')) { delete LI.geo.properties.lat.minimum; delete LI.geo.properties.lat.maximum; }
if (D('location-geo-lng-180-rejected')) LI.geo.properties.lng = { type: 'number', minimum: -180, maximum: 180, exclusiveMaximum: true, exclusiveMinimum: true };
if (D('location-openinghours-time-unchecked')) S.OpeningHours.properties.opens.pattern = '^[0-9]{2}:[0-9]{2}$';
if (D('location-openinghours-max-7')) LI.openingHours.maxItems = 7;
if (D('location-capacity-zero-rejected')) LI.capacity.minimum = 1;
if (D('location-put-country-not-required')) S.LocationPut = { ...S.LocationInput, required: ['code', 'name'] };
if (D('settings-taxrate-max-unchecked')) { delete SI.taxRate.maximum; delete SP.taxRate.maximum; }
if (D('settings-taxrate-zero-rejected')) { SI.taxRate.exclusiveMinimum = true; SP.taxRate.exclusiveMinimum = true; }
if (D('settings-reminderdays-duplicates-accepted')) S.ReminderDays.uniqueItems = false;
if (D('settings-reminderdays-items-unchecked')) S.ReminderDays.items = { type: 'integer' };
if (D('settings-recipients-format-unchecked')) delete S.Notifications.properties.recipients.items.format;
if (D('settings-currency-chf-rejected')) S.Currency.enum = ['EUR', 'USD', 'GBP'];
if (D('settings-extra-member-accepted')) { S.SettingsInput.additionalProperties = true; S.SettingsPatch.additionalProperties = true; }
if (D('settings-put-notifications-not-required')) S.SettingsInput.required = ['currency', 'taxRate', 'invoicePrefix'];

// ------------------------------------------------------------------ validation
const deref = s => s && s.$ref ? deref(S[s.$ref.split('/').pop()]) : s || {};
const isObj = v => typeof v === 'object' && v !== null && !Array.isArray(v);
const equal = (a, b) => canon(a) === canon(b);
function canon(v) {
  if (Array.isArray(v)) return '[' + v.map(canon).join() + ']';
  if (isObj(v)) return '{' + Object.keys(v).sort().map(k => JSON.stringify(k) + ':' + canon(v[k])).join() + '}';
  return JSON.stringify(v);
}
function realDate(t) {
  const m = /^(\d{4})-(\d{2})-(\d{2})$/.exec(t);
  if (!m) return false;
  const d = new Date(Date.UTC(+m[1], +m[2] - 1, +m[3])); d.setUTCFullYear(+m[1]);
  return d.getUTCMonth() === +m[2] - 1 && d.getUTCDate() === +m[3];
}
function realDateTime(t) {
  const m = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d+)?([Zz]|[+-](\d{2}):(\d{2}))$/.exec(t);
  return !!m && realDate(m[1]) && +m[2] < 24 && +m[3] < 60 && +m[4] < 60 && (m[7] === undefined || (+m[7] < 24 && +m[8] < 60));
}
const FORMATS = {
  email: t => /^[^\s@<>()",;:\\[\]]+@[A-Za-z0-9\u0080-\uffff-]+(\.[A-Za-z0-9\u0080-\uffff-]+)+$/.test(t) && !/^\.|\.\.|\.@/.test(t)
    && !(D('customer-email-plus-rejected') && t.includes('+')),
  uri: t => /^[A-Za-z][A-Za-z0-9+.-]*:[!#$&-;=?@A-Z[\]_a-z~%]+$/.test(t) && URL.canParse(t),
  date: realDate,
  'date-time': realDateTime,
};
function check(schema, v, path, out) {
  const s = deref(schema);
  const bad = issue => out.push({ field: path, issue });
  if (v === null) { if (!s.nullable && s.type) bad('must not be null'); return; }
  switch (s.type) {
    case 'string': if (typeof v !== 'string') return bad('must be a string'); break;
    case 'boolean': if (typeof v !== 'boolean' && !(s['x-coerce'] && (v === 'true' || v === 'false'))) return bad('must be a boolean'); break;
    case 'integer': if (!Number.isInteger(v)) return bad('must be an integer'); break;
    case 'number': if (typeof v !== 'number' && !(s['x-coerce'] && typeof v === 'string' && /^-?\d+(\.\d+)?$/.test(v))) return bad('must be a number'); break;
    case 'array': if (!Array.isArray(v)) return bad('must be an array'); break;
    case 'object': if (!isObj(v)) return bad('must be an object'); break;
  }
  if (s.enum && !s.enum.includes(v)) bad('must be one of ' + s.enum.join(', '));
  if (typeof v === 'string' && s.type === 'string') {
    const len = s['x-bytes'] ? Buffer.byteLength(v) : [...v].length;
    if (s.minLength !== undefined && len < s.minLength) bad('is too short');
    if (s.maxLength !== undefined && len > s.maxLength) bad('is too long');
    if (s.pattern && !new RegExp(s.pattern, 'u').test(v)) bad('does not match ' + s.pattern);
    if (s.format && FORMATS[s.format] && !FORMATS[s.format](v) && !(s['x-date-ok'] && realDate(v))) bad('is not a valid ' + s.format);
  }
  if (typeof v === 'number') {
    if (s.minimum !== undefined && (v < s.minimum || (s.exclusiveMinimum && v === s.minimum))) bad('is too small');
    if (s.maximum !== undefined && (v > s.maximum || (s.exclusiveMaximum && v === s.maximum))) bad('is too large');
    if (s.multipleOf !== undefined && Math.abs(v / s.multipleOf - Math.round(v / s.multipleOf)) > 1e-6) bad('must be a multiple of ' + s.multipleOf);
  }
  if (Array.isArray(v)) {
    if (s.minItems !== undefined && v.length < s.minItems) bad('has too few items');
    if (s.maxItems !== undefined && v.length > s.maxItems) bad('has too many items');
    if (s.uniqueItems && new Set(v.map(canon)).size !== v.length) bad('has equal items');
    v.forEach((x, i) => { if (!(s['x-first-only'] && i > 0)) check(s.items, x, `${path}${path ? '.' : ''}${i}`, out); });
  }
  if (isObj(v)) {
    const props = s.properties || {};
    for (const k of s.required || []) if (!(k in v) && !deref(props[k]).readOnly) out.push({ field: join(path, k), issue: 'is required' });
    if (s.minProperties && Object.keys(v).length < s.minProperties) bad('must not be empty');
    for (const k of Object.keys(v)) {
      if (!Object.hasOwn(props, k)) { if (s.additionalProperties === false) out.push({ field: join(path, k), issue: 'is not known' }); continue; }
      if (deref(props[k]).readOnly) { if (V('strict')) out.push({ field: join(path, k), issue: 'is set by the server' }); continue; }
      check(props[k], v[k], join(path, k), out);
    }
  }
}
const join = (a, b) => a ? a + '.' + b : b;
/** A copy of a valid body: without read-only and unknown members, defaults filled in (not at the top of a patch). */
function take(schema, v, top = true) {
  const s = deref(schema);
  if (v === null) return null;
  if (s['x-coerce'] && typeof v === 'string') return s.type === 'boolean' ? v === 'true' : Number(v);
  if (Array.isArray(v)) return v.map(x => take(s.items, x, true));
  if (isObj(v) && s.properties) {
    const o = {};
    for (const [k, p] of Object.entries(s.properties)) {
      const ps = deref(p);
      if (ps.readOnly) continue;
      if (k in v) o[k] = take(p, v[k], true);
      else if (top && ps.default !== undefined) o[k] = structuredClone(ps.default);
    }
    return o;
  }
  return structuredClone(v);
}
class HttpError extends Error {
  constructor(status, code, message, details = []) { super(message); Object.assign(this, { status, code, details }); }
}
const badRequest = (m, d) => new HttpError(400, 'bad_request', m, d);
const notFound = () => new HttpError(404, 'not_found', 'There is no such object.');
const conflict = (m, d) => new HttpError(409, 'conflict', m, d);
const unprocessable = d => new HttpError(422, 'validation_failed', 'The request body is not acceptable.', d);
function body(ctx, name, { patch = false } = {}) {
  const out = [];
  check(S[name], ctx.body, '', out);
  if (V('strict')) strictText(ctx.body, '', out);
  if (out.length) {
    if (V('schema-400')) throw badRequest('The request body does not match its schema.', out);
    throw unprocessable(out);
  }
  return take(S[name], ctx.body, !patch);
}
function strictText(v, p, out) {
  if (typeof v === 'string' && /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(v)) out.push({ field: p, issue: 'has control characters' });
  else if (typeof v === 'object' && v !== null) for (const k of Object.keys(v)) strictText(v[k], join(p, k), out);
}

// ------------------------------------------------------------------ state
const workspaces = new Map();
let lastWs = null, seq = 0, intId = V('ids-alt') ? 9_000_000_000 : 1000;
class Coll {
  constructor() { this.map = new Map(); this.log = [[0, []]]; }
  get(id) { return this.map.get(id); }
  set(o) { this.map.set(o.id, o); this.touch(); return o; }
  delete(id) { this.map.delete(id); this.touch(); }
  all() { return [...this.map.values()]; }
  touch() { if (V('eventual')) { this.log.push([Date.now(), this.all()]); if (this.log.length > 4000) this.log.shift(); } }
  listed() {
    if (!V('eventual')) return this.all();
    for (let i = this.log.length - 1; i >= 0; i--) if (this.log[i][0] <= Date.now() - 300) return this.log[i][1];
    return [];
  }
}
function initialSettings() {
  return { currency: 'EUR', taxRate: 19, invoicePrefix: 'RD', reminderDays: [14], notifications: { email: true, sms: false, recipients: [] }, termsUrl: null, updatedAt: Date.now() };
}
function workspace(key) {
  let ws = workspaces.get(key);
  if (!ws) {
    ws = { key, customers: new Coll(), equipment: new Coll(), maintenance: new Coll(), rentals: new Coll(), locations: new Coll(), settings: initialSettings(), number: 0, ghosts: new Coll(), foreign: 0, etag0: new Map() };
    workspaces.set(key, ws);
    if (V('seeded')) for (let i = 0; i < 30; i++) for (let k = 0; k < 5; k++) foreign(ws, k);
    if (V('busy')) {
      for (let i = 0; i < 30; i++) foreign(ws, i % 5);
      setInterval(() => foreign(ws, ws.foreign % 5), 50).unref();
    }
  }
  return lastWs = ws;
}
function foreign(ws, kind) {
  const n = ws.foreign++;
  const letters = k => String.fromCharCode(65 + Math.floor(k / 676) % 26, 65 + Math.floor(k / 26) % 26, 65 + k % 26);
  if (kind === 0 || !ws.customers.map.size) insertCustomer(ws, take(S.CustomerInput, { type: S.CustomerType.enum[n % 3], name: 'Foreign ' + n, email: `foreign${n}@other.example`, active: n % 2 === 0, tags: ['foreign'] }));
  else if (kind === 1 || !ws.equipment.map.size) insertEquipment(ws, take(S.Equipment, { sku: letters(n) + '-' + String(9000 + n % 1000), name: 'Foreign machine ' + n, category: S.EquipmentCategory.enum[n % 5], dailyRate: 10 + n / 100, available: n % 2 === 0 }));
  else if (kind === 2) insertLocation(ws, take(S.LocationInput, { code: letters(n) + '9' + n % 10, name: 'Foreign depot ' + n, country: ['DE', 'FR', 'PT'][n % 3] }));
  else if (kind === 3) insertRental(ws, take(S.RentalInput, { customerId: ws.customers.all().find(c => c.email.startsWith('foreign'))?.id ?? ws.customers.all()[0].id, items: [{ equipmentId: ws.equipment.all().find(e => e.name.startsWith('Foreign'))?.id ?? ws.equipment.all()[0].id, quantity: 1 }], startDate: '2031-01-10', endDate: '2031-01-12' }));
  else { const e = ws.equipment.all().find(e => e.name.startsWith('Foreign')); if (e) insertMaintenance(ws, e, take(S.MaintenanceRecord, { kind: 'cleaning', performedAt: '2024-01-01T00:00:00Z', technician: 'F' })); }
}
function randomText(n) {
  const a = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return [...crypto.randomBytes(n)].map(b => a[b % 36]).join('');
}
function uuid() {
  if (!V('ids-alt')) return crypto.randomUUID();
  const t = Date.now().toString(16).padStart(12, '0'), r = crypto.randomBytes(10).toString('hex');
  return `${t.slice(0, 8)}-${t.slice(8)}-7${r.slice(0, 3)}-9${r.slice(3, 6)}-${r.slice(6, 18)}`;
}
const stamp = () => { const now = Date.now(); return { seq: ++seq, createdAt: now, updatedAt: now }; };
const touched = o => Math.max(Date.now(), o.updatedAt + 1);
const round2 = x => Math.round((x + Number.EPSILON) * 100) / 100;

// ------------------------------------------------------------------ views
function ts(ms) {
  if (ms === null || ms === undefined) return null;
  if (V('ts-offset')) return new Date(ms + 2 * 3600e3).toISOString().replace('Z', '417+02:00');
  if (V('ts-seconds')) return new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');
  return new Date(ms).toISOString();
}
function instant(o, member) {
  if (V('instant-as-sent') && o[member + 'Sent']) return o[member + 'Sent'];
  if (V('ts-offset')) return new Date(o[member] - 5 * 3600e3).toISOString().replace('Z', '000-05:00');
  return new Date(o[member]).toISOString();
}
function finish(o, nested) {
  if (V('nulls-explicit') && nested) nested(o);
  if (V('nulls-omitted')) return dropNulls(o);
  if (V('extra-members')) { o._links = { self: 'x' }; o.version = 3; o.customFields = { colour: null }; }
  if (V('key-order')) return Object.fromEntries(Object.entries(o).reverse());
  return o;
}
function dropNulls(v) {
  if (Array.isArray(v)) return v.map(dropNulls);
  if (isObj(v)) return Object.fromEntries(Object.entries(v).filter(([, x]) => x !== null).map(([k, x]) => [k, dropNulls(x)]));
  return v;
}
const copy = v => v === undefined ? null : structuredClone(v);
function viewCustomer(ws, c) {
  const o = {
    id: c.id, type: c.type, name: c.name, email: c.email, phone: copy(c.phone), website: copy(c.website), creditLimit: c.creditLimit,
    discountPercent: c.discountPercent, active: c.active, tags: copy(c.tags), address: copy(c.address), contacts: copy(c.contacts),
    rentalCount: ws.rentals.all().filter(r => r.customerId === c.id).length + (D('customer-rentalcount-stale') ? (ws.lost?.get(c.id) || 0) : 0), createdAt: ts(c.createdAt), updatedAt: ts(c.updatedAt),
  };
  if (D('customer-createdat-missing')) delete o.createdAt;
  if (D('customer-discount-as-text')) o.discountPercent = String(o.discountPercent);
  if (D('customer-creditlimit-as-text')) o.creditLimit = o.creditLimit.toFixed(2);
  if (D('customer-createdat-epoch')) o.createdAt = c.createdAt;
  if (D('customer-updatedat-no-zone')) o.updatedAt = o.updatedAt.replace(/Z$/, '');
  if (D('customer-empty-tags-null') && o.tags.length === 0) o.tags = null;
  if (D('customer-contacts-left-out-when-empty') && o.contacts.length === 0) delete o.contacts;
  if (D('customer-rentalcount-includes-all')) o.rentalCount = ws.rentals.map.size;
  if (D('customer-rentalcount-without-cancelled')) o.rentalCount = ws.rentals.all().filter(r => r.customerId === c.id && r.status !== 'cancelled').length;
  return finish(o, o => { if (o.address && !('line2' in o.address)) o.address.line2 = null; });
}
function viewEquipment(ws, e) {
  const o = {
    id: e.id, sku: e.sku, name: e.name, description: copy(e.description), category: e.category, dailyRate: e.dailyRate, quantity: e.quantity ?? null, available: e.available,
    weightKg: copy(e.weightKg), purchasedOn: copy(e.purchasedOn), manualUrl: copy(e.manualUrl), locationId: copy(e.locationId), specs: copy(e.specs), dimensions: copy(e.dimensions),
    maintenanceCount: ws.maintenance.all().filter(m => m.equipmentId === e.id).length, createdAt: ts(e.createdAt), updatedAt: ts(e.updatedAt),
  };
  if (D('equipment-id-as-text')) o.id = String(o.id);
  if (D('equipment-rate-as-text')) o.dailyRate = o.dailyRate.toFixed(2);
  if (D('equipment-maintenancecount-zero')) o.maintenanceCount = 0;
  if (D('equipment-updatedat-missing')) delete o.updatedAt;
  if (D('equipment-purchasedon-as-datetime') && o.purchasedOn) o.purchasedOn += 'T00:00:00.000Z';
  if (D('equipment-zero-weight-as-null')) o.weightKg = o.weightKg || null;
  return finish(o, o => o.specs.forEach(s => { if (!('unit' in s)) s.unit = null; }));
}
function viewMaintenance(ws, m) {
  const o = {
    id: m.id, equipmentId: m.equipmentId, kind: m.kind, performedAt: instant(m, 'performedAt'), technician: m.technician ?? null, cost: copy(m.cost), passed: m.passed,
    parts: copy(m.parts), notes: copy(m.notes), createdAt: ts(m.createdAt), updatedAt: ts(m.updatedAt),
  };
  if (D('maintenance-performedat-sql-format')) o.performedAt = o.performedAt.replace('T', ' ').replace(/\.\d+Z/, '');
  if (D('maintenance-equipmentid-missing')) delete o.equipmentId;
  if (D('maintenance-equipmentid-as-text')) o.equipmentId = String(o.equipmentId);
  if (D('maintenance-performedat-seconds')) o.performedAt = o.performedAt.replace(/\.\d+Z/, 'Z');
  if (D('maintenance-passed-as-number')) o.passed = o.passed ? 1 : 0;
  return finish(o);
}
function viewRental(ws, r) {
  const o = {
    id: r.id, number: r.number, status: r.status, customerId: r.customerId, items: copy(r.items), startDate: r.startDate, endDate: r.endDate, priority: r.priority, insured: r.insured,
    purchaseOrder: copy(r.purchaseOrder), deliveryAddress: copy(r.deliveryAddress), notes: copy(r.notes), days: r.days, total: r.total, approvedAt: ts(r.approvedAt), cancelReason: copy(r.cancelReason),
    createdAt: ts(r.createdAt), updatedAt: ts(r.updatedAt),
  };
  if (D('rental-status-upper-case')) o.status = o.status.toUpperCase();
  if (D('rental-dates-as-datetimes')) { o.startDate += 'T00:00:00.000Z'; o.endDate += 'T00:00:00.000Z'; }
  if (D('rental-items-linetotal-missing')) o.items.forEach(i => delete i.lineTotal);
  if (D('rental-total-as-text')) o.total = o.total.toFixed(2);
  if (D('rental-days-missing')) delete o.days;
  if (D('rental-insured-as-number')) o.insured = o.insured ? 1 : 0;
  return finish(o, o => { o.items.forEach(i => { if (!('note' in i)) i.note = null; }); if (o.deliveryAddress && !('line2' in o.deliveryAddress)) o.deliveryAddress.line2 = null; });
}
function viewLocation(ws, l) {
  const o = {
    id: l.id, code: l.code, name: l.name, country: l.country ?? null, email: copy(l.email), capacity: l.capacity, active: l.active, openingHours: copy(l.openingHours), geo: copy(l.geo),
    createdAt: ts(l.createdAt), updatedAt: ts(l.updatedAt),
  };
  if (D('location-active-as-number')) o.active = o.active ? 1 : 0;
  if (D('location-capacity-missing-when-default') && l.capacity === 100) delete o.capacity;
  return finish(o);
}
function viewSettings(s) {
  const o = { ...structuredClone({ ...s }), updatedAt: ts(s.updatedAt) };
  if (D('settings-updatedat-missing')) delete o.updatedAt;
  if (D('settings-taxrate-as-text')) o.taxRate = String(o.taxRate);
  return finish(o);
}

// ------------------------------------------------------------------ storing
function insertCustomer(ws, b) {
  const c = { id: 'cus_' + (V('ids-alt') ? '01HZ' + randomText(22).toUpperCase() : randomText(12)), ...b, ...stamp() };
  storeCustomer(c);
  return ws.customers.set(c);
}
function storeCustomer(c) {
  if (D('customer-name-truncated')) c.name = [...c.name].slice(0, 100).join('');
  if (D('customer-name-trimmed')) c.name = c.name.trim() || c.name;
  if (D('customer-name-non-latin1-lost')) c.name = c.name.replace(/[^\u0000-\u00ff]/gu, '?');
  if (D('customer-name-spaces-collapsed')) c.name = c.name.replace(/ {2,}/g, ' ');
  if (D('customer-email-lower-cased')) c.email = c.email.toLowerCase();
  if (D('customer-address-line2-lost') && c.address) { c.address = { ...c.address }; delete c.address.line2; }
  if (D('customer-address-postalcode-blanks-removed') && c.address) c.address = { ...c.address, postalCode: c.address.postalCode.replaceAll(' ', '') };
  if (D('customer-contacts-role-lost')) c.contacts = c.contacts.map(x => ({ ...x, role: 'other' }));
  if (D('customer-contacts-after-third-lost')) c.contacts = c.contacts.slice(0, 3);
  if (D('customer-creditlimit-rounded')) c.creditLimit = Math.round(c.creditLimit);
  if (D('customer-tags-sorted')) c.tags = [...c.tags].sort();
  if (D('customer-tags-lower-cased')) c.tags = c.tags.map(t => t.toLowerCase());
  if (D('customer-phone-null-as-empty') && c.phone === null) c.phone = '';
}
function storeEquipment(e) {
  if (D('equipment-description-line-breaks-lost') && e.description) e.description = e.description.replace(/\s*\n/g, ' ');
  if (D('equipment-description-empty-as-null')) e.description = e.description || null;
  if (D('equipment-specs-unit-lost')) e.specs = e.specs.map(({ unit, ...s }) => s);
  if (D('equipment-specs-same-key-merged')) e.specs = [...new Map(e.specs.map(s => [s.key, s])).values()];
  if (D('equipment-specs-numeric-values-normalised')) e.specs = e.specs.map(s => ({ ...s, value: /^\d+(\.\d+)?$/.test(s.value) ? String(Number(s.value)) : s.value }));
  if (D('equipment-weight-rounded') && typeof e.weightKg === 'number') e.weightKg = Math.round(e.weightKg * 10) / 10;
  if (D('equipment-available-false-lost')) e.available = e.available || true;
  if (D('equipment-purchasedon-day-shift') && e.purchasedOn) e.purchasedOn = new Date(Date.parse(e.purchasedOn) - 7200e3).toISOString().slice(0, 10);
  if (D('equipment-manualurl-lower-cased') && e.manualUrl) e.manualUrl = e.manualUrl.toLowerCase();
  if (D('equipment-dimensions-swapped') && e.dimensions) e.dimensions = { lengthCm: e.dimensions.widthCm, widthCm: e.dimensions.lengthCm, heightCm: e.dimensions.heightCm };
  if (D('equipment-dimensions-lost')) e.dimensions = null;
}
function insertEquipment(ws, b, raw = {}) {
  let id = ++intId;
  if (D('equipment-id-from-client') && Number.isInteger(raw.id) && raw.id > 0 && !ws.equipment.get(raw.id)) id = raw.id;
  const e = { id, ...b, ...stamp() };
  if (D('equipment-createdat-from-client') && realDateTime(String(raw.createdAt))) e.createdAt = Date.parse(raw.createdAt);
  storeEquipment(e);
  return ws.equipment.set(e);
}
function storeMaintenance(m) {
  if (typeof m.performedAt === 'string') {
    const t = m.performedAt;
    m.performedAtSent = t;
    m.performedAt = Date.parse(t.length === 10 ? t + 'T00:00:00Z' : t.replace('t', 'T').replace('z', 'Z'));
    if (D('maintenance-performedat-offset-ignored')) m.performedAt = Date.parse(t.replace(/([Zz]|[+-]\d\d:\d\d)$/, 'Z'));
  }
  if (D('maintenance-parts-last-lost') && m.parts.length > 1) m.parts = m.parts.slice(0, -1);
  if (D('maintenance-parts-quantity-one')) m.parts = m.parts.map(p => ({ ...p, quantity: 1 }));
  if (D('maintenance-cost-zero-as-null')) m.cost = m.cost || null;
  if (D('maintenance-notes-truncated') && m.notes) m.notes = [...m.notes].slice(0, 255).join('');
}
function insertMaintenance(ws, e, b, raw = {}) {
  const m = { id: uuid(), equipmentId: e.id, ...b, ...stamp() };
  if (D('maintenance-equipmentid-from-body') && Number.isInteger(raw.equipmentId) && raw.equipmentId > 0) m.equipmentId = raw.equipmentId;
  storeMaintenance(m);
  return ws.maintenance.set(m);
}
function computeRental(ws, r, old) {
  const first = Date.parse(r.startDate), last = Date.parse(r.endDate);
  r.days = Math.round((last - first) / 864e5) + 1;
  if (D('rental-days-last-excluded')) r.days = Math.max(1, r.days - 1);
  if (D('rental-total-not-recomputed') && old) { r.total = old.total; }
  if (D('rental-days-not-recomputed') && old) r.days = old.days;
  r.items = r.items.map(i => {
    const dailyRate = ws.equipment.get(i.equipmentId)?.dailyRate ?? 0;
    const quantity = i.quantity ?? 1;
    const lineTotal = round2(quantity * dailyRate * r.days);
    const o = { equipmentId: i.equipmentId, quantity };
    if ('note' in i) o.note = i.note;
    return { ...o, dailyRate, lineTotal: D('rental-linetotal-without-days') ? round2(quantity * dailyRate) : lineTotal };
  });
  const sum = round2(r.items.reduce((s, i) => s + i.lineTotal, 0));
  if (!(D('rental-total-not-recomputed') && old)) r.total = sum;
  if (D('rental-total-of-first-item')) r.total = r.items[0]?.lineTotal ?? 0;
  if (D('rental-total-rounded')) r.total = Math.round(r.total);
  if (D('rental-items-note-lost')) r.items.forEach(i => delete i.note);
  if (D('rental-items-sorted')) r.items.sort((a, b) => a.equipmentId - b.equipmentId);
  if (D('rental-items-same-equipment-merged')) r.items = [...new Map(r.items.map(i => [i.equipmentId, i])).values()];
  if (D('rental-notes-escaped') && r.notes) r.notes = r.notes.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  if (D('rental-purchaseorder-zeros-lost') && r.purchaseOrder) r.purchaseOrder = 'PO-' + Number(r.purchaseOrder.slice(3));
  if (D('rental-deliveryaddress-lost')) r.deliveryAddress = null;
}
function insertRental(ws, b) {
  const r = { id: uuid(), number: 'R-' + String(++ws.number).padStart(6, '0'), status: 'draft', ...b, approvedAt: null, cancelReason: null, ...stamp() };
  if (D('rental-number-repeats')) r.number = 'R-' + String(ws.rentals.map.size + 1).padStart(6, '0');
  if (D('rental-created-approved')) r.status = 'approved';
  computeRental(ws, r);
  return ws.rentals.set(r);
}
function storeLocation(l) {
  if (D('location-geo-swapped') && l.geo) l.geo = { lat: l.geo.lng, lng: l.geo.lat };
  if (D('location-geo-rounded') && l.geo) l.geo = { lat: Math.round(l.geo.lat * 1000) / 1000, lng: Math.round(l.geo.lng * 1000) / 1000 };
  if (D('location-geo-zero-lost') && l.geo && (!l.geo.lat || !l.geo.lng)) l.geo = null;
  if (D('location-openinghours-one-per-day')) l.openingHours = [...new Map(l.openingHours.map(h => [h.day, h])).values()];
  if (D('location-openinghours-reordered')) l.openingHours = [...l.openingHours].sort((a, b) => a.day < b.day ? -1 : 1);
  if (D('location-name-title-cased')) l.name = l.name.replace(/(^|\s)\p{L}/gu, x => x.toUpperCase());
}
function insertLocation(ws, b, raw = {}) {
  const l = { id: V('ids-alt') ? 'LOC.' + String(++intId) + '~x' : 'loc_' + randomText(8), ...b, ...stamp() };
  if (D('location-id-from-client') && typeof raw.id === 'string' && raw.id) l.id = raw.id;
  storeLocation(l);
  return ws.locations.set(l);
}

// ------------------------------------------------------------------ lists
const hash = t => crypto.createHash('sha1').update(String(t)).digest('hex');
function defaultOrder(a, b) {
  if (V('newest-first')) return b.seq - a.seq;
  if (V('hashed-order')) return hash(a.id) < hash(b.id) ? -1 : hash(a.id) > hash(b.id) ? 1 : 0;
  return a.seq - b.seq;
}
function order(sort) {
  if (!sort) return defaultOrder;
  const desc = sort[0] === '-', key = sort.replace('-', '');
  return (a, b) => {
    let x = a[key], y = b[key];
    if (D('equipment-sort-rate-as-text') && key === 'dailyRate') { x = String(x); y = String(y); }
    const c = x < y ? -1 : x > y ? 1 : 0;
    if (D('customers-sort-descending-as-ascending') && key === 'name' && 'email' in a) return c || a.seq - b.seq;
    if (D('customers-sort-createdat-inverted') && key === 'createdAt') return (desc ? c : -c) || (desc ? a.seq - b.seq : b.seq - a.seq);
    if (key === 'createdAt') return desc ? -c || b.seq - a.seq : c || a.seq - b.seq;
    return (desc ? -c : c) || a.seq - b.seq;
  };
}
function int(ctx, name, min, max, def) {
  const t = ctx.query.get(name);
  if (t === null) return def;
  if (!/^-?\d{1,15}$/.test(t) || +t < min || +t > max) throw badRequest('A parameter has an invalid value.', [{ field: name, issue: `must be an integer from ${min} to ${max}` }]);
  return +t;
}
function choice(ctx, name, values) {
  const t = ctx.query.get(name);
  if (t !== null && !values.includes(t)) throw badRequest('A parameter has an invalid value.', [{ field: name, issue: 'must be one of ' + values.join(', ') }]);
  return t;
}
function bool(ctx, name) { const t = choice(ctx, name, ['true', 'false']); return t === null ? null : t === 'true'; }
function strictQuery(ctx, names) {
  if (V('strict')) for (const k of ctx.query.keys()) if (!names.includes(k)) throw badRequest('Unknown parameter.', [{ field: k, issue: 'is not known' }]);
}
function cursorPage(ctx, name, rows, filters, sort, view) {
  let limit = int(ctx, 'limit', 1, (D('customers-limit-max-unenforced') && name === 'customers') || (D('rentals-limit-max-unenforced') && name === 'rentals') ? 1e9 : 100, 25);
  if (D('customers-limit-100-rejected') && name === 'customers' && limit === 100) throw badRequest('A parameter has an invalid value.', [{ field: 'limit', issue: 'is too large' }]);
  if (D('maintenance-limit-ignored') && name === 'maintenance') limit = 25;
  if (D('customers-limit-one-more') && name === 'customers') limit++;
  const text = ctx.query.get('cursor');
  let last = null;
  if (text !== null) {
    try {
      last = JSON.parse(Buffer.from(text, 'base64url').toString());
      if (last.n !== name || typeof last.seq !== 'number') throw 0;
    } catch {
      if (D('rentals-bad-cursor-500') && name === 'rentals') throw new Error('Unexpected token in JSON');
      if (D('customers-bad-cursor-ignored') && name === 'customers') last = null;
      else throw badRequest('The cursor is not valid.', [{ field: 'cursor', issue: 'is not a cursor' }]);
    }
  }
  if (D('customers-filter-lost-with-cursor') && name === 'customers' && last) filters = [];
  if (D('rentals-filter-lost-with-cursor') && name === 'rentals' && last) filters = [];
  if (D('customers-sort-lost-with-cursor') && name === 'customers' && last) sort = null;
  let cmp = order(sort);
  rows = rows.filter(r => filters.every(f => f(r))).sort(cmp);
  if (D('customers-page-sorted-only') && name === 'customers' && sort) rows.sort(defaultOrder);
  if (last) {
    if (D('customers-page-sorted-only') && name === 'customers') cmp = defaultOrder;
    if (D('rentals-cursor-repeats-last') && name === 'rentals') rows = rows.filter(r => cmp(r, last) >= 0);
    else rows = rows.filter(r => cmp(r, last) > 0);
    if (D('maintenance-cursor-skips-one') && name === 'maintenance') rows = rows.slice(1);
  }
  if (V('short-pages')) limit = Math.min(limit, 10);
  const page = rows.slice(0, limit);
  let more = rows.length > limit;
  if (D('customers-last-page-lost') && name === 'customers' && rows.length - limit < limit) more = false;
  const end = page.at(-1);
  let next = more ? Buffer.from(JSON.stringify({ n: name, seq: end.seq, id: end.id, name: end.name, createdAt: end.createdAt })).toString('base64url') : null;
  if (D('rentals-nextcursor-when-exhausted') && name === 'rentals' && end) next = Buffer.from(JSON.stringify({ n: name, seq: end.seq, id: end.id, createdAt: end.createdAt })).toString('base64url');
  if (D('maintenance-nextcursor-empty-text') && name === 'maintenance' && next === null) next = '';
  if (D('customers-page-sorted-only') && name === 'customers' && sort) page.sort(order(sort));
  const out = { items: page.map(view), nextCursor: next };
  if (D('rentals-nextcursor-left-out') && name === 'rentals' && next === null) delete out.nextCursor;
  return { status: 200, body: out };
}
function numberPage(ctx, name, rows, filters, sort, view) {
  const perPageMax = D('equipment-perpage-max-unenforced') && name === 'equipment' ? 1e9 : D('locations-perpage-100-rejected') && name === 'locations' ? 99 : 100;
  let page = int(ctx, 'page', D('locations-page-zero-accepted') && name === 'locations' ? 0 : 1, 1e15, 1);
  let perPage = int(ctx, 'perPage', D('equipment-perpage-zero-accepted') && name === 'equipment' ? 0 : 1, perPageMax, 20);
  if (D('locations-perpage-ignored') && name === 'locations') perPage = 20;
  if (D('equipment-perpage-clamped-50') && name === 'equipment') perPage = Math.min(perPage, 50);
  if (D('equipment-sort-lost-on-second-page') && name === 'equipment' && page > 1) sort = null;
  const full = rows;
  if (D('equipment-filter-lost-on-second-page') && name === 'equipment' && page > 1) filters = [];
  if (D('equipment-filters-or') && name === 'equipment' && filters.length > 1) { const fs = filters; filters = [r => fs.some(f => f(r))]; }
  rows = rows.filter(r => filters.every(f => f(r))).sort(order(sort));
  let from = (page - 1) * perPage;
  if (D('equipment-page-counts-from-zero') && name === 'equipment') from = page * perPage;
  if (D('equipment-pages-overlap') && name === 'equipment') from = Math.max(0, (page - 1) * (perPage - 1));
  if (D('locations-pages-skip') && name === 'locations') from = (page - 1) * (perPage + 1);
  if (from < 0) from = 0;
  let items = rows.slice(from, from + perPage);
  if (D('locations-last-page-lost') && name === 'locations' && page > 1 && items.length < perPage) items = [];
  if (D('equipment-page-behind-last-404') && name === 'equipment' && page > 1 && !items.length) throw notFound();
  if (D('locations-page-behind-last-repeats') && name === 'locations' && page > 1 && !items.length) items = rows.slice(-perPage);
  let total = rows.length;
  if (D('equipment-total-of-page') && name === 'equipment') total = items.length;
  if (D('equipment-total-ignores-filter') && name === 'equipment') total = full.length;
  if (D('locations-total-off-by-one') && name === 'locations') total = Math.max(0, total - 1);
  if (D('locations-total-as-text') && name === 'locations') total = String(total);
  const out = { items: items.map(view), page, perPage, total };
  if (D('locations-page-always-one') && name === 'locations') out.page = 1;
  if (D('equipment-perpage-echo-of-count') && name === 'equipment') out.perPage = items.length;
  if (D('equipment-total-missing') && name === 'equipment') delete out.total;
  if (D('locations-list-bare-array') && name === 'locations') return { status: 200, body: out.items };
  return { status: 200, body: out };
}

// ------------------------------------------------------------------ operations
const need = (o) => { if (!o) throw notFound(); return o; };
function getHealth() {
  const o = { status: V('health-degraded') ? 'degraded' : 'ok', version: '1.8.0' };
  if (D('health-status-upper-case')) o.status = 'OK';
  if (D('health-version-missing')) delete o.version;
  if (D('health-version-two-parts')) o.version = '1.8';
  return { status: 200, body: o };
}
// -- customers
function etag(ctx, c) {
  const h = hash(JSON.stringify({ ...c, n: ctx.ws.rentals.all().filter(r => r.customerId === c.id).length })).slice(0, 20);
  if (D('customer-etag-constant')) return '"' + hash(c.id).slice(0, 20) + '"';
  return (V('weak-etag') ? 'W/' : '') + '"' + h + '"';
}
function listCustomers(ctx) {
  strictQuery(ctx, ['limit', 'cursor', 'type', 'active', 'tag', 'sort']);
  const type = D('customers-bad-type-filter-accepted') ? ctx.query.get('type') : choice(ctx, 'type', S.CustomerType.enum || ['person', 'company', 'public_body']);
  const active = bool(ctx, 'active');
  const tag = ctx.query.get('tag');
  if (tag !== null && (tag.length < 1 || [...tag].length > 30)) throw badRequest('A parameter has an invalid value.', [{ field: 'tag', issue: 'has a wrong length' }]);
  let sort = D('customers-bad-sort-accepted') ? (['name', '-name', 'createdAt', '-createdAt'].includes(ctx.query.get('sort')) ? ctx.query.get('sort') : null) : choice(ctx, 'sort', ['name', '-name', 'createdAt', '-createdAt']);
  if (D('customers-sort-ignored')) sort = null;
  const f = [];
  if (type !== null) f.push(c => c.type === type);
  if (active !== null && !D('customers-filter-active-ignored')) f.push(c => c.active === active);
  if (tag !== null) {
    if (D('customers-filter-tag-part-match')) f.push(c => c.tags.some(t => t.includes(tag)));
    else if (D('customers-filter-tag-case-ignored')) f.push(c => c.tags.some(t => t.toLowerCase() === tag.toLowerCase()));
    else if (D('customers-filter-tag-first-only')) f.push(c => c.tags[0] === tag);
    else f.push(c => c.tags.includes(tag));
  }
  let rows = ctx.ws.customers.listed();
  if (D('customers-inactive-hidden') && active === null) rows = rows.filter(c => c.active);
  if (D('customer-delete-kept-in-list')) rows = rows.concat(ctx.ws.ghosts.all());
  if (D('customers-list-other-key-visible')) rows = [...workspaces.values()].flatMap(w => w.customers.listed());
  return cursorPage(ctx, 'customers', rows, f, sort, c => {
    const o = viewCustomer(ctx.ws, c);
    if (D('customers-list-email-missing')) delete o.email;
    if (D('customers-list-contacts-null')) o.contacts = null;
    return o;
  });
}
function emailFree(ctx, email, self) {
  if (D('customer-email-unique-unchecked')) return;
  if (D('customer-patch-email-conflict-unchecked') && self) return;
  const same = D('customer-email-unique-case-sensitive') ? c => c.email === email : c => c.email.toLowerCase() === email.toLowerCase();
  if (ctx.ws.customers.all().some(c => (c.id !== self || D('customer-patch-own-email-conflict')) && same(c))) {
    if (D('customer-email-conflict-422')) throw unprocessable([{ field: 'email', issue: 'is in use' }]);
    if (D('customer-email-conflict-500')) throw new Error('duplicate key value violates unique constraint "customers_email_key"');
    throw conflict('The email address is in use.', [{ field: 'email', issue: 'is in use' }]);
  }
}
function createCustomer(ctx) {
  const b = body(ctx, 'CustomerInput');
  if (D('customer-email-not-required')) b.email ??= '';
  emailFree(ctx, b.email, null);
  const c = insertCustomer(ctx.ws, b);
  const view = viewCustomer(ctx.ws, c);
  if (D('customer-create-returns-id-only')) return { status: 201, headers: location(ctx, '/customers/' + c.id), body: { id: c.id } };
  if (D('customer-create-no-body')) return { status: 201, headers: location(ctx, '/customers/' + c.id) };
  if (D('customer-create-location-missing')) return { status: 201, body: view };
  if (D('customer-create-200')) return { status: 200, headers: location(ctx, '/customers/' + c.id), body: view };
  return { status: 201, headers: location(ctx, '/customers/' + c.id), body: view };
}
function getCustomer(ctx, id) {
  let c = ctx.ws.customers.get(id);
  if (!c && D('customer-unknown-200-null')) return { status: 200, body: null };
  if (!c && D('customer-unknown-204')) return { status: 204 };
  need(c);
  if (D('customer-get-changes-updatedat')) c = ctx.ws.customers.set({ ...c, updatedAt: touched(c) });
  const tag = etag(ctx, c);
  const inm = ctx.req.headers['if-none-match'];
  if (inm && (D('customer-304-although-changed') || inm.split(',').some(t => t.trim().replace(/^W\//, '') === tag.replace(/^W\//, '') || t.trim() === '*')) && !D('customer-if-none-match-ignored')) return { status: 304, headers: { ETag: tag } };
  return { status: 200, headers: D('customer-etag-missing') ? {} : { ETag: tag }, body: viewCustomer(ctx.ws, c) };
}
function updateCustomer(ctx, id) {
  const c = need(ctx.ws.customers.get(id));
  if (D('customer-failed-patch-half-applied') && isObj(ctx.body)) {
    const half = { ...c };
    for (const [k, v] of Object.entries(ctx.body)) {
      if (!CP[k]) break;
      const out = []; check(CP[k], v, k, out);
      if (out.length) break;
      half[k] = take(CP[k], v); half.updatedAt = touched(c);
    }
    ctx.ws.customers.set(half);
  }
  const b = body(ctx, 'CustomerPatch', { patch: true });
  if (b.email !== undefined) emailFree(ctx, b.email, id);
  if (D('customer-patch-ignores-null')) for (const k of Object.keys(b)) if (b[k] === null) delete b[k];
  if (D('customer-patch-ignores-zero-and-false')) for (const k of Object.keys(b)) if (b[k] === 0 || b[k] === false) delete b[k];
  if (D('customer-patch-ignores-empty-array') ) for (const k of Object.keys(b)) if (Array.isArray(b[k]) && !b[k].length) delete b[k];
  if (D('customer-patch-merges-address') && b.address && c.address) b.address = { ...c.address, ...b.address };
  if (D('customer-patch-appends-tags') && b.tags) b.tags = [...new Set([...c.tags, ...b.tags])];
  if (D('customer-patch-type-ignored')) delete b.type;
  const n = { ...c, ...b, updatedAt: touched(c) };
  if (D('customer-patch-name-null-accepted') && n.name === null) n.name = '';
  if (D('customer-patch-resets-tags') && !('tags' in b)) n.tags = [];
  if (D('customer-patch-resets-active') && !('active' in b)) n.active = true;
  if (D('customer-patch-clears-phone') && !('phone' in b)) n.phone = null;
  if (D('customer-patch-updatedat-kept')) n.updatedAt = c.updatedAt;
  if (D('customer-patch-createdat-changed')) n.createdAt = n.updatedAt;
  if (D('customer-patch-updatedat-before-createdat')) n.updatedAt = c.createdAt - 3600e3;
  storeCustomer(n);
  ctx.ws.customers.set(n);
  if (D('customer-patch-changes-neighbour')) {
    const before = ctx.ws.customers.all().filter(x => x.seq < c.seq).at(-1);
    if (before && 'active' in b) ctx.ws.customers.set({ ...before, active: b.active });
  }
  if (D('customer-patch-returns-old')) return { status: 200, body: viewCustomer(ctx.ws, c) };
  if (D('customer-patch-204')) return { status: 204 };
  if (D('customer-patch-returns-sent-members')) return { status: 200, body: { id, ...b } };
  return { status: 200, body: viewCustomer(ctx.ws, n) };
}
function deleteCustomer(ctx, id) {
  const c = need(ctx.ws.customers.get(id));
  if (ctx.ws.rentals.all().some(r => r.customerId === id)) {
    if (D('customer-delete-with-rentals-409-but-gone')) ctx.ws.customers.delete(id);
    if (D('customer-delete-with-rentals-cascades')) ctx.ws.rentals.all().filter(r => r.customerId === id).forEach(r => ctx.ws.rentals.delete(r.id));
    else if (!D('customer-delete-with-rentals-accepted')) throw conflict('The customer has rentals.');
  }
  if (D('customer-delete-deactivates')) { ctx.ws.customers.set({ ...c, active: false }); return { status: 204 }; }
  if (D('customer-delete-kept-in-list')) ctx.ws.ghosts.set(c);
  if (D('customer-delete-next-too')) {
    const next = ctx.ws.customers.all().find(x => x.seq > c.seq);
    if (next) ctx.ws.customers.delete(next.id);
  }
  ctx.ws.customers.delete(id);
  if (D('customer-delete-200')) return { status: 200, body: viewCustomer(ctx.ws, c) };
  return { status: 204 };
}
// -- equipment
function listEquipment(ctx) {
  strictQuery(ctx, ['page', 'perPage', 'category', 'available', 'locationId', 'sort']);
  const category = choice(ctx, 'category', ['lifting', 'earthmoving', 'power', 'power_tools', 'access']);
  const available = D('equipment-filter-available-any-text') ? (ctx.query.get('available') === null ? null : ctx.query.get('available') === 'true') : bool(ctx, 'available');
  const loc = ctx.query.get('locationId');
  const sort = choice(ctx, 'sort', ['name', '-name', 'dailyRate', '-dailyRate']);
  const f = [];
  if (category !== null && !D('equipment-filter-category-ignored')) f.push(e => D('equipment-filter-category-prefix') ? e.category.startsWith(category) : e.category === category);
  if (available !== null) {
    if (D('equipment-filter-available-false-as-true')) f.push(e => e.available === true);
    else if (D('equipment-filter-available-false-ignored')) { if (available) f.push(e => e.available); }
    else if (D('equipment-filter-available-inverted')) f.push(e => e.available !== available);
    else f.push(e => e.available === available);
  }
  if (loc !== null && !D('equipment-filter-location-ignored')) f.push(e => (e.locationId ?? null) === loc);
  return numberPage(ctx, 'equipment', ctx.ws.equipment.listed(), f, sort, e => {
    const o = viewEquipment(ctx.ws, e);
    if (D('equipment-list-id-as-text')) o.id = String(o.id);
    if (D('equipment-list-specs-missing-values')) o.specs = o.specs.map(s => ({ key: s.key }));
    if (D('equipment-list-stale-name')) o.name = e.firstName ?? o.name;
    return o;
  });
}
function equipmentRules(ctx, b, self) {
  const put = self !== null;
  if (!D('equipment-sku-unique-unchecked') && !(D('equipment-put-sku-conflict-unchecked') && put)
    && ctx.ws.equipment.all().some(e => (e.id !== self || D('equipment-put-own-sku-conflict')) && e.sku === b.sku)) throw conflict('The SKU is in use.', [{ field: 'sku', issue: 'is in use' }]);
  if (typeof b.locationId === 'string' && !ctx.ws.locations.get(b.locationId) && !D('equipment-unknown-location-accepted') && !(D('equipment-put-unknown-location-accepted') && put)) {
    if (D('equipment-unknown-location-404')) throw notFound();
    if (D('equipment-unknown-location-422-but-created') && !put) insertEquipment(ctx.ws, { ...b, locationId: null });
    throw unprocessable([{ field: 'locationId', issue: 'there is no such location' }]);
  }
}
function createEquipment(ctx) {
  const b = body(ctx, 'Equipment');
  equipmentRules(ctx, b, null);
  const e = insertEquipment(ctx.ws, b, ctx.body);
  if (D('equipment-list-stale-name')) e.firstName = e.name;
  const view = viewEquipment(ctx.ws, e);
  if (D('equipment-create-echoes-request')) Object.assign(view, Object.fromEntries(Object.entries(ctx.body).filter(([k]) => k === 'maintenanceCount' || k === 'createdAt')));
  if (D('equipment-create-location-undefined')) return { status: 201, headers: location(ctx, '/equipment/undefined'), body: view };
  if (D('equipment-create-location-of-collection')) return { status: 201, headers: location(ctx, '/equipment'), body: view };
  return { status: 201, headers: location(ctx, '/equipment/' + e.id), body: view };
}
function findEquipment(ctx, id) {
  if (!/^[1-9]\d{0,17}$/.test(id)) {
    if (D('equipment-text-id-500')) throw new TypeError('Cannot convert ' + id + ' to a number');
    if (D('equipment-id-leading-number') && /^[1-9]\d{0,17}/.test(id)) return need(ctx.ws.equipment.get(parseInt(id, 10)));
    throw notFound();
  }
  return need(ctx.ws.equipment.get(Number(id)));
}
function getEquipment(ctx, id) {
  if (D('equipment-get-unprotected')) for (const w of workspaces.values()) if (w.equipment.get(Number(id))) ctx.ws = ctx.hasKey ? ctx.ws : w;
  const e = findEquipment(ctx, id);
  return { status: 200, body: viewEquipment(ctx.ws, e) };
}
function replaceEquipment(ctx, id) {
  let old;
  try { old = findEquipment(ctx, id); } catch (x) {
    if (D('equipment-put-unknown-creates') && x.status === 404 && /^\d{1,15}$/.test(id)) {
      const b = body(ctx, 'Equipment'); equipmentRules(ctx, b, null);
      const e = ctx.ws.equipment.set({ id: Number(id), ...b, ...stamp() });
      return { status: 201, body: viewEquipment(ctx.ws, e) };
    }
    throw x;
  }
  let b;
  try {
    if (D('equipment-put-required-unchecked')) { const s = S.Equipment.required; S.Equipment.required = []; try { b = { sku: old.sku, name: old.name, category: old.category, dailyRate: old.dailyRate, ...body(ctx, 'Equipment') }; } finally { S.Equipment.required = s; } }
    else b = body(ctx, 'Equipment');
  } catch (x) {
    if (D('equipment-rejected-put-deletes')) ctx.ws.equipment.delete(old.id);
    throw x;
  }
  if (D('equipment-conflicting-put-applied')) { const n = { ...old, ...b, sku: old.sku, updatedAt: touched(old) }; ctx.ws.equipment.set(n); }
  equipmentRules(ctx, b, old.id);
  if (D('equipment-put-merges')) { b = { ...b }; for (const k of Object.keys(EQ)) if (!(k in ctx.body) && k in old) b[k] = old[k]; }
  if (D('equipment-put-keeps-specs') && !('specs' in ctx.body)) b.specs = old.specs;
  if (D('equipment-put-null-ignored')) for (const k of Object.keys(b)) if (b[k] === null) b[k] = old[k];
  if (D('equipment-put-category-ignored')) b.category = old.category;
  const n = { id: old.id, ...b, seq: old.seq, createdAt: old.createdAt, updatedAt: touched(old) };
  if (D('equipment-list-stale-name')) n.firstName = old.firstName;
  if (D('equipment-put-createdat-changed')) n.createdAt = n.updatedAt;
  if (D('equipment-put-updatedat-kept')) n.updatedAt = old.updatedAt;
  if (D('equipment-put-createdat-from-client') && realDateTime(String(ctx.body.createdAt))) n.createdAt = Date.parse(ctx.body.createdAt);
  if (D('equipment-put-new-id')) { ctx.ws.equipment.delete(old.id); n.id = ++intId; }
  if (D('equipment-put-deletes-maintenance')) ctx.ws.maintenance.all().filter(m => m.equipmentId === old.id).forEach(m => ctx.ws.maintenance.delete(m.id));
  storeEquipment(n);
  ctx.ws.equipment.set(n);
  if (D('equipment-put-returns-old')) return { status: 200, body: viewEquipment(ctx.ws, old) };
  if (D('equipment-put-201')) return { status: 201, body: viewEquipment(ctx.ws, n) };
  return { status: 200, body: viewEquipment(ctx.ws, n) };
}
function deleteEquipment(ctx, id) {
  let e;
  try { e = findEquipment(ctx, id); } catch (x) { if (D('equipment-second-delete-204') && x.status === 404) return { status: 204 }; throw x; }
  if (ctx.ws.rentals.all().some(r => r.items.some(i => i.equipmentId === e.id)) && !D('equipment-delete-in-rental-accepted')) throw conflict('The equipment is part of a rental.');
  ctx.ws.equipment.delete(e.id);
  if (D('equipment-delete-leaves-maintenance')) ctx.ws.orphans = (ctx.ws.orphans || new Set()).add(e.id);
  else if (D('equipment-delete-all-maintenance')) ctx.ws.maintenance.all().forEach(m => ctx.ws.maintenance.delete(m.id));
  else ctx.ws.maintenance.all().filter(m => m.equipmentId === e.id).forEach(m => ctx.ws.maintenance.delete(m.id));
  if (D('equipment-delete-location-too') && e.locationId) ctx.ws.locations.delete(e.locationId);
  return { status: 204 };
}
// -- maintenance
function parentOf(ctx, eid) {
  try { return findEquipment(ctx, eid); } catch (x) {
    if (D('equipment-delete-leaves-maintenance') && ctx.ws.orphans?.has(Number(eid))) return { id: Number(eid) };
    throw x;
  }
}
function listMaintenance(ctx, eid) {
  strictQuery(ctx, ['limit', 'cursor', 'kind']);
  if (D('maintenance-list-unknown-parent-empty') && !ctx.ws.equipment.get(Number(eid))) return { status: 200, body: { items: [], nextCursor: null } };
  const e = parentOf(ctx, eid);
  const kind = choice(ctx, 'kind', ['inspection', 'repair', 'cleaning']);
  const f = D('maintenance-list-of-all-equipment') ? [] : [m => m.equipmentId === e.id];
  if (kind !== null && !D('maintenance-filter-kind-ignored')) {
    if (D('maintenance-filter-kind-drops-parent')) f.length = 0;
    f.push(m => m.kind === kind);
  }
  return cursorPage(ctx, 'maintenance', ctx.ws.maintenance.listed(), f, null, m => {
    const o = viewMaintenance(ctx.ws, m);
    if (D('maintenance-list-technician-left-out')) delete o.technician;
    return o;
  });
}
function createMaintenance(ctx, eid) {
  let e;
  if (D('maintenance-create-unknown-parent-201') && /^[1-9]\d{0,14}$/.test(eid)) e = ctx.ws.equipment.get(Number(eid)) || { id: Number(eid) };
  else e = parentOf(ctx, eid);
  const b = body(ctx, 'MaintenanceRecord');
  const m = insertMaintenance(ctx.ws, e, b, ctx.body);
  return { status: 201, headers: location(ctx, D('maintenance-create-location-without-parent') ? '/maintenance/' + m.id : `/equipment/${e.id}/maintenance/${m.id}`), body: viewMaintenance(ctx.ws, m) };
}
function findMaintenance(ctx, eid, id, anyParent = false) {
  const e = parentOf(ctx, eid);
  let m = ctx.ws.maintenance.get(id.toLowerCase());
  if (m && m.equipmentId !== e.id && !anyParent) m = null;
  if (!m && D('maintenance-unknown-400')) throw badRequest('The id is not valid.');
  return need(m);
}
function getMaintenance(ctx, eid, id) {
  return { status: 200, body: viewMaintenance(ctx.ws, findMaintenance(ctx, eid, id, D('maintenance-get-under-wrong-parent'))) };
}
function updateMaintenance(ctx, eid, id) {
  const m = findMaintenance(ctx, eid, id, D('maintenance-patch-under-wrong-parent'));
  const b = body(ctx, 'MaintenancePatch', { patch: true });
  if (D('maintenance-patch-appends-parts') && b.parts) b.parts = [...m.parts, ...b.parts];
  if (D('maintenance-patch-cost-null-as-zero') && b.cost === null) b.cost = 0;
  const n = { ...m, ...b, updatedAt: touched(m) };
  if (D('maintenance-patch-moves-to-body-equipment') && Number.isInteger(ctx.body.equipmentId)) n.equipmentId = ctx.body.equipmentId;
  if (D('maintenance-patch-resets-passed') && !('passed' in b)) n.passed = true;
  if (D('maintenance-patch-performedat-now')) n.performedAt = 'performedAt' in b ? b.performedAt : Date.now();
  if (D('maintenance-patch-updatedat-kept')) n.updatedAt = m.updatedAt;
  storeMaintenance(n);
  if (!D('maintenance-patch-not-stored')) ctx.ws.maintenance.set(n);
  return { status: 200, body: viewMaintenance(ctx.ws, n) };
}
function deleteMaintenance(ctx, eid, id) {
  const m = findMaintenance(ctx, eid, id, D('maintenance-delete-under-wrong-parent'));
  if (D('maintenance-delete-kept')) return { status: 204 };
  if (D('maintenance-delete-siblings-too')) ctx.ws.maintenance.all().filter(x => x.equipmentId === m.equipmentId).forEach(x => ctx.ws.maintenance.delete(x.id));
  ctx.ws.maintenance.delete(m.id);
  return { status: 204 };
}
// -- rentals
function listRentals(ctx) {
  strictQuery(ctx, ['limit', 'cursor', 'status', 'customerId', 'startsFrom']);
  const status = choice(ctx, 'status', ['draft', 'approved', 'cancelled']);
  const customerId = ctx.query.get('customerId');
  const from = ctx.query.get('startsFrom');
  if (from !== null && !realDate(from) && !D('rentals-bad-startsfrom-accepted')) throw badRequest('A parameter has an invalid value.', [{ field: 'startsFrom', issue: 'is not a date' }]);
  const f = [];
  if (status !== null && !D('rentals-filter-status-ignored')) f.push(r => r.status === status);
  if (customerId !== null && !D('rentals-filter-customer-ignored')) f.push(r => r.customerId === customerId);
  if (from !== null) f.push(r => D('rentals-filter-startsfrom-exclusive') ? r.startDate > from : D('rentals-filter-startsfrom-by-end') ? r.endDate >= from : r.startDate >= from);
  let rows = ctx.ws.rentals.listed();
  if (D('rentals-list-hides-cancelled') && status === null) rows = rows.filter(r => r.status !== 'cancelled');
  return cursorPage(ctx, 'rentals', rows, f, null, r => {
    const o = viewRental(ctx.ws, r);
    if (D('rentals-list-total-as-text')) o.total = String(o.total);
    if (D('rentals-list-items-left-out')) delete o.items;
    return o;
  });
}
function rentalRules(ctx, r, patch, b) {
  const out = [];
  if (!ctx.ws.customers.get(r.customerId) && !(D('rental-unknown-customer-accepted')) && !(D('rental-patch-unknown-customer-accepted') && patch)
    && !(D('rental-customer-of-other-key-accepted') && [...workspaces.values()].some(w => w.customers.get(r.customerId)))) {
    if (D('rental-unknown-customer-404')) throw notFound();
    if (D('rental-unknown-customer-500')) throw new Error('insert or update on table "rentals" violates foreign key constraint');
    out.push({ field: 'customerId', issue: 'there is no such customer' });
  }
  r.items.forEach((i, n) => {
    if (!ctx.ws.equipment.get(i.equipmentId) && !D('rental-unknown-equipment-accepted') && !(D('rental-unknown-equipment-behind-first-accepted') && n > 0)) out.push({ field: `items.${n}.equipmentId`, issue: 'there is no such equipment' });
  });
  if (r.endDate < r.startDate && !D('rental-end-before-start-accepted') && !(D('rental-patch-end-before-start-accepted') && patch && !(b.startDate && b.endDate))) out.push({ field: 'endDate', issue: 'is before startDate' });
  if (r.endDate === r.startDate && D('rental-same-day-rejected')) out.push({ field: 'endDate', issue: 'is not after startDate' });
  if (V('strict') && Date.parse(r.endDate) - Date.parse(r.startDate) > 365 * 864e5) out.push({ field: 'endDate', issue: 'rentals last a year at most' });
  if (out.length) {
    if (D('rental-422-but-created') && !patch) insertRental(ctx.ws, r);
    if (D('rental-unknown-references-html')) throw Object.assign(unprocessable(out), { html: true });
    throw unprocessable(out);
  }
}
function createRental(ctx) {
  const b = body(ctx, 'RentalInput');
  if (D('rental-dates-swapped-silently') && b.endDate < b.startDate) [b.startDate, b.endDate] = [b.endDate, b.startDate];
  rentalRules(ctx, b, false, b);
  const previous = ctx.ws.rentals.all().at(-1);
  const r = insertRental(ctx.ws, b);
  if (D('rental-create-returns-before-computing')) { const v = viewRental(ctx.ws, r); v.total = 0; return { status: 201, headers: location(ctx, '/rentals/' + r.id), body: v }; }
  if (D('rental-create-location-of-previous') && previous) return { status: 201, headers: location(ctx, '/rentals/' + previous.id), body: viewRental(ctx.ws, r) };
  if (D('rental-create-202')) return { status: 202, headers: location(ctx, '/rentals/' + r.id), body: viewRental(ctx.ws, r) };
  if (D('rental-create-location-by-number')) return { status: 201, headers: location(ctx, '/rentals/' + r.number), body: viewRental(ctx.ws, r) };
  return { status: 201, headers: location(ctx, '/rentals/' + r.id), body: viewRental(ctx.ws, r) };
}
function findRental(ctx, id) {
  let r = ctx.ws.rentals.get(id.toLowerCase());
  if (!r && D('rental-unknown-500')) throw new TypeError("Cannot read properties of undefined (reading 'id')");
  if (!r && D('rental-malformed-id-500') && !/^[0-9a-f-]{36}$/i.test(id)) throw new Error('invalid input syntax for type uuid');
  if (!r && D('rental-of-other-key-readable')) for (const w of workspaces.values()) r ??= w.rentals.get(id);
  return need(r);
}
function getRental(ctx, id) { return { status: 200, body: viewRental(ctx.ws, findRental(ctx, id)) }; }
function updateRental(ctx, id) {
  const r = findRental(ctx, id);
  const b = body(ctx, 'RentalPatch', { patch: true });
  if (r.status !== 'draft' && !D('rental-patch-not-draft-accepted') && !(D('rental-patch-cancelled-accepted') && r.status === 'cancelled')) {
    if (D('rental-patch-not-draft-409-but-applied')) ctx.ws.rentals.set({ ...r, ...('notes' in b ? { notes: b.notes } : {}), ...('priority' in b ? { priority: b.priority } : {}) });
    throw conflict('Only drafts can be changed.');
  }
  if (D('rental-patch-replaces-all')) { for (const k of ['purchaseOrder', 'deliveryAddress', 'notes']) b[k] ??= null; }
  if (D('rental-patch-null-ignored')) for (const k of Object.keys(b)) if (b[k] === null) delete b[k];
  const n = { ...r, ...b, updatedAt: touched(r) };
  if (D('rental-patch-items-merged') && b.items) n.items = [...b.items, ...r.items.filter(i => !b.items.some(x => x.equipmentId === i.equipmentId))];
  rentalRules(ctx, n, true, b);
  if (D('rental-patch-resets-insured') && !('insured' in b)) n.insured = false;
  if (D('rental-patch-new-number')) n.number = 'R-' + String(++ctx.ws.number).padStart(6, '0');
  computeRental(ctx.ws, n, r);
  if (D('rental-patch-approves')) n.status = 'approved';
  if (D('rental-patch-notes-not-stored')) { ctx.ws.rentals.set({ ...n, notes: r.notes }); return { status: 200, body: viewRental(ctx.ws, n) }; }
  ctx.ws.rentals.set(n);
  return { status: 200, body: viewRental(ctx.ws, n) };
}
function deleteRental(ctx, id) {
  const r = findRental(ctx, id);
  if (r.status === 'approved' && !D('rental-delete-approved-accepted')) throw conflict('An approved rental cannot be deleted.');
  if (D('rental-delete-cancelled-refused') && r.status === 'cancelled') throw conflict('Only drafts can be deleted.');
  if (D('rental-delete-cancels')) { ctx.ws.rentals.set({ ...r, status: 'cancelled', cancelReason: 'deleted' }); return { status: 204 }; }
  if (D('customer-rentalcount-stale')) { ctx.ws.lost ??= new Map(); ctx.ws.lost.set(r.customerId, (ctx.ws.lost.get(r.customerId) || 0) + 1); }
  ctx.ws.rentals.delete(r.id);
  if (D('rental-delete-customer-too') && !ctx.ws.rentals.all().some(x => x.customerId === r.customerId)) ctx.ws.customers.delete(r.customerId);
  return { status: 204 };
}
function approveRental(ctx, id) {
  if (D('rental-approve-unknown-200') && !ctx.ws.rentals.get(id)) return { status: 200, body: { id, status: 'approved' } };
  const r = findRental(ctx, id);
  if (r.status !== 'draft') {
    if (D('rental-approve-twice-200') && r.status === 'approved') return { status: 200, body: viewRental(ctx.ws, r) };
    if (D('rental-approve-cancelled-200') && r.status === 'cancelled') { const n = ctx.ws.rentals.set({ ...r, status: 'approved', approvedAt: Date.now(), updatedAt: touched(r) }); return { status: 200, body: viewRental(ctx.ws, n) }; }
    if (D('rental-approve-409-but-applied')) ctx.ws.rentals.set({ ...r, status: 'approved' });
    if (D('rental-approve-conflict-422')) throw unprocessable([{ field: 'status', issue: 'is not draft' }]);
    throw conflict('Only drafts can be approved.');
  }
  const n = { ...r, status: 'approved', approvedAt: Date.now(), updatedAt: touched(r) };
  if (D('rental-approvedat-not-set')) n.approvedAt = null;
  if (D('rental-approvedat-day-early')) n.approvedAt = r.createdAt - 864e5;
  if (D('rental-approve-resets-notes')) n.notes = null;
  if (D('rental-approve-all-of-customer')) ctx.ws.rentals.all().filter(x => x.customerId === r.customerId && x.status === 'draft').forEach(x => ctx.ws.rentals.set({ ...x, status: 'approved', approvedAt: Date.now() }));
  if (!D('rental-approve-not-stored')) ctx.ws.rentals.set(n);
  if (D('rental-approve-does-nothing')) { ctx.ws.rentals.set(r); return { status: 200, body: viewRental(ctx.ws, r) }; }
  if (D('rental-approve-returns-old')) return { status: 200, body: viewRental(ctx.ws, r) };
  if (D('rental-approve-201')) return { status: 201, body: viewRental(ctx.ws, n) };
  if (D('rental-approve-204')) return { status: 204 };
  return { status: 200, body: viewRental(ctx.ws, n) };
}
function cancelRental(ctx, id) {
  const r = findRental(ctx, id);
  const b = body(ctx, 'Cancellation');
  if (r.status === 'cancelled') {
    if (D('rental-cancel-twice-200')) return { status: 200, body: viewRental(ctx.ws, ctx.ws.rentals.set({ ...r, cancelReason: b.reason ?? null, updatedAt: touched(r) })) };
    if (D('rental-cancel-twice-changes-reason')) ctx.ws.rentals.set({ ...r, cancelReason: b.reason });
    throw conflict('The rental is cancelled already.');
  }
  if (r.status === 'approved' && D('rental-cancel-approved-refused')) throw conflict('Only drafts can be cancelled.');
  const n = { ...r, status: 'cancelled', cancelReason: b.reason ?? null, updatedAt: touched(r) };
  if (D('rental-cancel-reason-lost')) n.cancelReason = null;
  if (D('rental-cancel-status-draft')) n.status = 'draft';
  if (D('rental-cancel-deletes')) ctx.ws.rentals.delete(r.id); else ctx.ws.rentals.set(n);
  return { status: 200, body: viewRental(ctx.ws, n) };
}
// -- locations
function listLocations(ctx) {
  strictQuery(ctx, ['page', 'perPage', 'country']);
  const country = ctx.query.get('country');
  if (country !== null && !/^[A-Z]{2}$/.test(country) && !D('locations-bad-country-accepted')) throw badRequest('A parameter has an invalid value.', [{ field: 'country', issue: 'is not a country code' }]);
  const f = [];
  if (country !== null && !D('locations-filter-country-ignored')) f.push(l => l.country === country);
  return numberPage(ctx, 'locations', ctx.ws.locations.listed(), f, null, l => viewLocation(ctx.ws, l));
}
function codeFree(ctx, code, self) {
  if (D('location-code-unique-unchecked')) return;
  if (D('location-put-code-conflict-unchecked') && self) return;
  if (ctx.ws.locations.all().some(l => l.id !== self && l.code === code)) {
    if (D('location-code-conflict-400')) throw badRequest('The code is in use.', [{ field: 'code', issue: 'is in use' }]);
    throw conflict('The code is in use.', [{ field: 'code', issue: 'is in use' }]);
  }
}
function createLocation(ctx) {
  const b = body(ctx, 'LocationInput');
  codeFree(ctx, b.code, null);
  const l = insertLocation(ctx.ws, b, ctx.body);
  const headers = location(ctx, '/locations/' + encodeURIComponent(l.id));
  if (D('location-create-location-is-id')) headers.Location = l.id;
  return { status: 201, headers, body: viewLocation(ctx.ws, l) };
}
function findLocation(ctx, id) {
  if (D('location-long-id-500') && id.length > 64) throw new Error('value too long for type character varying(64)');
  const l = ctx.ws.locations.get(id);
  if (!l && D('location-404-html')) throw Object.assign(notFound(), { html: true });
  return need(l);
}
function getLocation(ctx, id) {
  if (D('location-delete-still-readable') && ctx.ws.ghosts.get(id)) return { status: 200, body: viewLocation(ctx.ws, ctx.ws.ghosts.get(id)) };
  if (D('location-unknown-gives-first') && !ctx.ws.locations.get(id) && ctx.ws.locations.map.size) return { status: 200, body: viewLocation(ctx.ws, ctx.ws.locations.all()[0]) };
  return { status: 200, body: viewLocation(ctx.ws, findLocation(ctx, id)) };
}
function replaceLocation(ctx, id) {
  const l = findLocation(ctx, id);
  const b = body(ctx, S.LocationPut ? 'LocationPut' : 'LocationInput');
  if (D('location-put-code-ignored')) b.code = l.code;
  if (D('location-409-put-applied')) ctx.ws.locations.set({ ...l, ...b, code: l.code, updatedAt: touched(l) });
  codeFree(ctx, b.code, id);
  if (D('location-put-keeps-geo') && !('geo' in b)) b.geo = l.geo;
  if (D('location-put-keeps-capacity') && !('capacity' in ctx.body)) b.capacity = l.capacity;
  if (D('location-put-appends-openinghours')) b.openingHours = [...l.openingHours, ...b.openingHours].slice(-14);
  const n = { id, ...b, seq: l.seq, createdAt: l.createdAt, updatedAt: touched(l) };
  if (D('location-put-country-not-required')) n.country ??= l.country;
  if (D('location-put-updatedat-kept')) n.updatedAt = l.updatedAt;
  storeLocation(n);
  if (D('location-put-not-stored')) return { status: 200, body: viewLocation(ctx.ws, n) };
  if (D('location-put-changes-neighbour')) { const x = ctx.ws.locations.all().find(y => y.seq > l.seq); if (x) ctx.ws.locations.set({ ...x, name: n.name }); }
  ctx.ws.locations.set(n);
  const view = viewLocation(ctx.ws, n);
  if (D('location-put-response-without-id')) delete view.id;
  return { status: 200, body: view };
}
function deleteLocation(ctx, id) {
  const l = findLocation(ctx, id);
  if (ctx.ws.equipment.all().some(e => e.locationId === id)) {
    if (D('location-delete-in-use-unlinks')) ctx.ws.equipment.all().filter(e => e.locationId === id).forEach(e => ctx.ws.equipment.set({ ...e, locationId: null }));
    else if (D('location-delete-in-use-deletes-equipment')) ctx.ws.equipment.all().filter(e => e.locationId === id).forEach(e => ctx.ws.equipment.delete(e.id));
    else if (!D('location-delete-in-use-accepted')) throw conflict('Equipment is kept at the location.');
  }
  if (D('location-delete-still-readable')) ctx.ws.ghosts.set(l);
  ctx.ws.locations.delete(id);
  if (D('location-delete-200')) return { status: 200, body: {} };
  return { status: 204 };
}
// -- settings
function getSettings(ctx) {
  if (D('settings-get-one-behind') && ctx.ws.before) return { status: 200, body: viewSettings(ctx.ws.before) };
  return { status: 200, body: viewSettings(ctx.ws.settings) };
}
function storeSettings(ctx, s) {
  if (D('settings-reminderdays-sorted')) s.reminderDays = [...s.reminderDays].sort((a, b) => a - b);
  if (D('settings-taxrate-rounded')) s.taxRate = Math.round(s.taxRate);
  if (D('settings-recipients-lost')) s.notifications = { ...s.notifications, recipients: [] };
  if (D('settings-recipients-deduplicated')) s.notifications = { ...s.notifications, recipients: [...new Set(s.notifications.recipients)] };
  if (D('settings-sms-always-false')) s.notifications = { ...s.notifications, sms: false };
  ctx.ws.before = ctx.ws.settings;
  if (!D('settings-put-not-kept') || ctx.req.method !== 'PUT') ctx.ws.settings = s;
  if (D('settings-shared-by-all-keys')) for (const w of workspaces.values()) w.settings = s;
  return viewSettings(s);
}
function replaceSettings(ctx) {
  let b;
  try { b = body(ctx, 'SettingsInput'); } catch (x) { if (D('settings-422-resets')) ctx.ws.settings = initialSettings(); throw x; }
  const old = ctx.ws.settings;
  b.termsUrl ??= null;
  if (D('settings-put-notifications-not-required')) b.notifications ??= old.notifications;
  if (D('settings-put-keeps-termsurl') && !('termsUrl' in ctx.body)) b.termsUrl = old.termsUrl;
  if (D('settings-put-merges-recipients')) b.notifications.recipients = [...new Set([...old.notifications.recipients, ...b.notifications.recipients])];
  const n = { ...b, updatedAt: D('settings-updatedat-kept') ? old.updatedAt : touched(old) };
  const view = storeSettings(ctx, n);
  if (D('settings-put-204')) return { status: 204 };
  return { status: 200, body: view };
}
function updateSettings(ctx) {
  const b = body(ctx, 'SettingsPatch', { patch: true });
  let old = ctx.ws.settings;
  if (D('settings-patch-resets-others')) old = { ...initialSettings(), updatedAt: old.updatedAt };
  if (D('settings-patch-merges-notifications') && b.notifications && !('recipients' in ctx.body.notifications)) b.notifications.recipients = old.notifications.recipients;
  if (D('settings-patch-null-ignored') && b.termsUrl === null) delete b.termsUrl;
  if (D('settings-patch-zero-ignored') && b.taxRate === 0) delete b.taxRate;
  return { status: 200, body: storeSettings(ctx, { ...old, ...b, updatedAt: touched(old) }) };
}

// ------------------------------------------------------------------ HTTP
const routes = [
  ['GET', '/health', getHealth, { open: !D('health-needs-key') }],
  ['GET', '/customers', listCustomers], ['POST', '/customers', createCustomer],
  ['GET', '/customers/:', getCustomer], ['PATCH', '/customers/:', updateCustomer], ['DELETE', '/customers/:', deleteCustomer],
  ['GET', '/equipment', listEquipment], ['POST', '/equipment', createEquipment],
  ['GET', '/equipment/:', getEquipment, { open: D('equipment-get-unprotected') }], ['PUT', '/equipment/:', replaceEquipment], ['DELETE', '/equipment/:', deleteEquipment],
  ['GET', '/equipment/:/maintenance', listMaintenance, { open: D('maintenance-list-unprotected') }], ['POST', '/equipment/:/maintenance', createMaintenance],
  ['GET', '/equipment/:/maintenance/:', getMaintenance], ['PATCH', '/equipment/:/maintenance/:', updateMaintenance], ['DELETE', '/equipment/:/maintenance/:', deleteMaintenance, { open: D('maintenance-delete-unprotected') }],
  ['GET', '/rentals', listRentals], ['POST', '/rentals', createRental, { open: D('rental-create-unprotected') }],
  ['GET', '/rentals/:', getRental], ['PATCH', '/rentals/:', updateRental], ['DELETE', '/rentals/:', deleteRental],
  ['POST', '/rentals/:/approve', approveRental, { open: D('rental-approve-unprotected') }], ['POST', '/rentals/:/cancel', cancelRental],
  ['GET', '/locations', listLocations], ['POST', '/locations', createLocation],
  ['GET', '/locations/:', getLocation], ['PUT', '/locations/:', replaceLocation], ['DELETE', '/locations/:', deleteLocation],
  ['GET', '/settings', getSettings, { open: D('settings-get-unprotected') }], ['PUT', '/settings', replaceSettings], ['PATCH', '/settings', updateSettings],
].map(([method, path, handler, opt = {}]) => ({ method, re: new RegExp('^' + path.replaceAll(':', '([^/]+)') + '$'), handler, ...opt }));

function location(ctx, path) {
  return { Location: (V('location-absolute') ? `http://${ctx.req.headers.host}` : '') + BASE + path };
}
let requests = 0;
function authenticate(ctx, route) {
  const key = ctx.req.headers['x-api-key'];
  let ok = key !== undefined && /^key-.{4,}$/su.test(key);
  if (D('empty-key-accepted') && key === '') ok = true;
  if (D('any-key-accepted') && key) ok = true;
  if (D('short-key-accepted') && key !== undefined && key.startsWith('key-')) ok = true;
  if (D('key-prefix-case-ignored') && /^key-.{4,}$/i.test(key ?? '')) ok = true;
  ctx.hasKey = ok;
  if (route.open) { ctx.ws = ok ? workspace(key) : lastWs || workspace('key-none'); return; }
  if (!ok) {
    if (D('missing-key-500') && key === undefined) throw new TypeError("Cannot read properties of undefined (reading 'startsWith')");
    if (D('missing-key-403') && key === undefined) throw new HttpError(403, 'unauthorized', 'No key was sent.');
    if (D('bad-key-403') && key !== undefined) throw new HttpError(403, 'unauthorized', 'The key is not valid.');
    if (D('missing-key-empty-body')) throw Object.assign(new HttpError(401, 'unauthorized', ''), { empty: true });
    if (D('missing-key-redirect') && key === undefined) throw Object.assign(new HttpError(302, 'unauthorized', ''), { empty: true, headers: { Location: '/login' } });
    if (D('location-delete-401-but-deleted') && ctx.req.method === 'DELETE' && /^\/locations\//.test(ctx.path)) {
      try { ctx.ws = lastWs; if (ctx.ws) deleteLocation(ctx, decodeURIComponent(ctx.path.split('/')[2])); } catch { /* */ }
    }
    throw new HttpError(401, 'unauthorized', 'The API key is missing or not valid.');
  }
  ctx.ws = workspace(key);
}
function readBody(req) {
  return new Promise((resolve, reject) => {
    const parts = []; let n = 0, over = false;
    req.on('data', c => { n += c.length; if (n > (V('body-limit') ? 100_000 : 20_000_000)) over = true; else parts.push(c); });
    req.on('end', () => over ? reject(new HttpError(413, 'payload_too_large', 'The body is too large.')) : resolve(Buffer.concat(parts)));
    req.on('error', reject);
  });
}
async function handle(req) {
  const url = new URL(req.url, 'http://x');
  const ctx = { req, query: url.searchParams, path: url.pathname };
  const raw = await readBody(req);
  if (!url.pathname.startsWith(BASE + '/')) throw notFound();
  ctx.path = url.pathname.slice(BASE.length);
  if (V('slash-redirect') && ctx.path.length > 1 && ctx.path.endsWith('/')) return { status: 308, headers: { Location: url.pathname.replace(/\/+$/, '') + url.search } };
  const matches = routes.map(r => [r, r.re.exec(ctx.path)]).filter(([, m]) => m);
  if (!matches.length) throw notFound();
  const found = matches.find(([r]) => r.method === req.method);
  if (!found) throw Object.assign(new HttpError(405, 'bad_request', 'The method is not supported.'), { headers: { Allow: matches.map(([r]) => r.method).join(', ') } });
  const [route, m] = found;
  if (V('rate-limited') && !route.open && ++requests % 40 === 0) throw Object.assign(new HttpError(429, 'rate_limited', 'Too many requests.'), { headers: { 'Retry-After': '1' } });
  if (!route.open || route.handler !== getHealth) authenticate(ctx, route);
  let params;
  try { params = m.slice(1).map(decodeURIComponent); } catch { throw notFound(); }
  if (['POST', 'PUT', 'PATCH'].includes(req.method) && route.handler !== approveRental) {
    if (D('malformed-json-as-empty')) { try { ctx.body = JSON.parse(raw.toString()); } catch { ctx.body = {}; } }
    else {
      const type = (req.headers['content-type'] || '').split(';')[0].trim().toLowerCase();
      if (type !== 'application/json') throw badRequest('The body must be application/json.');
      let text;
      try { text = new TextDecoder('utf-8', { fatal: true }).decode(raw); ctx.body = JSON.parse(text); } catch (x) {
        if (D('malformed-json-500')) throw x;
        if (D('malformed-json-plain-text')) throw Object.assign(badRequest('Bad Request'), { plain: true });
        throw badRequest('The request body is not valid JSON.');
      }
      if (D('null-body-500') && ctx.body === null) throw new TypeError("Cannot read properties of null (reading 'name')");
      if (D('array-body-takes-first') && Array.isArray(ctx.body) && isObj(ctx.body[0])) ctx.body = ctx.body[0];
    }
  }
  return route.handler(ctx, ...params);
}
function errorBody(x) {
  const o = { code: x.code, message: x.message, details: x.details };
  if (V('error-extra')) { o.requestId = crypto.randomUUID(); o.documentation = 'https://rentdesk.example/errors/' + x.code; o.details = o.details.map(d => ({ ...d, severity: 'error' })); }
  if (V('soft-delete') && x.status === 404) o.deletedAt = null;
  if (D('error-code-missing')) delete o.code;
  if (D('error-code-is-status')) o.code = x.status;
  if (D('error-code-undocumented') && x.status === 409) o.code = 'already_exists';
  if (D('error-details-missing-when-empty') && !o.details.length) delete o.details;
  if (D('error-details-as-object') && x.status === 422) o.details = Object.fromEntries(o.details.map(d => [d.field, d.issue]));
  if (D('error-details-as-texts')) o.details = o.details.map(d => `${d.field} ${d.issue}`);
  if (D('error-details-field-missing') && x.status === 422) o.details = o.details.map(d => ({ issue: d.issue }));
  if (D('error-message-empty') && x.status === 404) o.message = '';
  if (D('error-404-wrapped') && x.status === 404) return { error: o };
  if (D('error-401-detail-only') && x.status === 401) return { detail: x.message };
  if (D('error-409-as-text') && x.status === 409) return x.message;
  return o;
}
function serialise(b) {
  let t = V('pretty') ? JSON.stringify(b, null, 2) + '\n' : JSON.stringify(b);
  if (V('escaped')) t = t.replace(/[\u007f-\uffff]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0')).replace(/\//g, '\\/');
  if (V('decimal-zeros')) t = t.replace(/"(creditLimit|dailyRate|total|lineTotal|cost|taxRate)":(-?\d+(?:\.\d+)?)(?=[,}])/g, (_, k, n) => `"${k}":${Number(n).toFixed(2) == n || Number(Number(n).toFixed(2)) === Number(n) ? Number(n).toFixed(2) : n}`);
  return t;
}
function send(req, res, r) {
  const headers = { ...(r.headers || {}) };
  if (V('connection-close')) headers.Connection = 'close';
  if (V('extra-headers')) Object.assign(headers, { 'X-Request-Id': crypto.randomUUID(), 'Cache-Control': 'no-store', Vary: 'Accept', 'Strict-Transport-Security': 'max-age=1', Server: 'RentDesk' });
  if (r.body === undefined) { res.writeHead(r.status, headers); return res.end(); }
  let data = Buffer.from(typeof r.text === 'string' ? r.text : serialise(r.body));
  headers['Content-Type'] = r.type || (V('pretty') ? 'application/json; charset=UTF-8' : 'application/json');
  if (V('gzip') && /\bgzip\b/.test(req.headers['accept-encoding'] || '')) { data = zlib.gzipSync(data); headers['Content-Encoding'] = 'gzip'; headers.Vary = 'Accept-Encoding'; }
  if (V('chunked')) {
    res.writeHead(r.status, headers);
    const step = Math.max(1, Math.ceil(data.length / 4));
    let i = 0;
    const more = () => { if (i >= data.length) return res.end(); res.write(data.subarray(i, i += step)); setTimeout(more, 1); };
    return more();
  }
  headers['Content-Length'] = data.length;
  res.writeHead(r.status, headers);
  res.end(data);
}
const server = http.createServer(async (req, res) => {
  let r;
  try {
    r = await handle(req);
    if (r.body !== undefined && req.method === 'GET') {
      if (D('list-content-type-html') && Array.isArray(r.body?.items)) r.type = 'text/html; charset=utf-8';
      if (D('customer-content-type-text') && /\/customers\/[^/]+$/.test(req.url)) r.type = 'text/plain';
    }
    if (D('rental-json-with-trailing-text') && /\/rentals\/[^/?]+$/.test(req.url) && req.method === 'GET' && r.body) r.text = serialise(r.body) + '\n<!-- 3 ms -->';
  } catch (x) {
    if (x instanceof HttpError) {
      r = { status: x.status, headers: x.headers, body: errorBody(x) };
      if (x.empty) delete r.body;
      if (x.html) { r.type = 'text/html'; r.text = `<!DOCTYPE html><html><body><h1>${x.status}</h1><p>${x.message}</p></body></html>`; }
      if (x.plain) { r.type = 'text/plain'; r.text = x.message; }
      if (D('error-content-type-problem') && !x.html) r.type = 'application/problem+json';
      if (D('error-content-type-html') && x.status === 422) r.type = 'text/html; charset=utf-8';
      if (D('validation-error-with-200') && x.status === 422) r.status = 200;
      if (D('validation-error-500') && x.status === 422) r.status = 500;
      if (D('not-found-403') && x.status === 404) r.status = 403;
      if (D('location-404-as-410') && x.status === 404 && /\/locations\//.test(req.url)) r.status = 410;
      if (D('bad-parameter-422') && x.status === 400 && req.method === 'GET') r.status = 422;
      if (D('bad-parameter-500') && x.status === 400 && req.method === 'GET') { r.status = 500; r.type = 'text/plain'; r.text = 'Internal Server Error'; }
    } else {
      if (!DEFECT) process.stderr.write(x.stack + '\n');
      r = { status: 500, body: '', type: 'text/html', text: `<h1>Internal Server Error</h1><pre>${x.stack}</pre>` };
    }
  }
  if (V('slow')) setTimeout(() => send(req, res, r), 100); else send(req, res, r);
});
server.keepAliveTimeout = 30_000;
server.listen(Number(process.env.PORT || 0), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}${BASE}`));
